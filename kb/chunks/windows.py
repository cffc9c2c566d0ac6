"""A chunk is longer than the model reads: it is embedded as windows of about 150 words, and the best one counts."""

from kb.chunks.chunker import SEPARATOR, Passage

WORDS = 150  # best on three sets of those tried
LEAST = 40  # a last window shorter than this joins the one before


def windows(passage: Passage, title: str) -> list[str]:
    """The texts to embed: whole lines while they fit, each text headed by the document's title and section."""
    parts: list[list[str]] = [[]]
    for line in _lines(passage.text):
        if parts[-1] and len(parts[-1]) + len(line) > WORDS:
            parts.append([])
        parts[-1] += line
    if len(parts) > 1 and len(parts[-1]) < LEAST:
        parts[-2:] = [parts[-2] + parts[-1]]
    head = _head(title, passage.section)
    return [f"{head}\n{' '.join(part)}" if head else " ".join(part) for part in parts if part]


def _lines(text: str) -> list[list[str]]:
    """The words of each line; a line longer than a window is cut into equal pieces."""
    cut: list[list[str]] = []
    for line in text.split("\n"):
        words = line.lstrip("#- ").split()
        pieces = max(1, -(-len(words) // WORDS))
        size = -(-len(words) // pieces)
        cut += [words[at : at + size] for at in range(0, len(words), size)] if words else []
    return cut


def _head(title: str, section: str) -> str:
    return section if section.startswith(title) or not title else SEPARATOR.join(filter(None, (title, section)))
