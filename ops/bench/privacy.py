"""What it costs to look for personal data: in messages as people write them, in hostile ones, and in lines of a log."""

import time
from collections.abc import Callable, Sequence
from statistics import quantiles

import typer

from core.log import mask
from core.privacy.cleaning import FINDERS, clean, clean_next, find
from core.privacy.needed import CONTACTS
from ops.evals.pii_texts import our_texts

LONGEST = 4_000  # characters
HOSTILE = {
    "digits": "9 " * (LONGEST // 2),
    "almost cards": "4111 1111 1111 1112 " * (LONGEST // 20),
    "almost accounts": "GB82 " * (LONGEST // 5),
    "number words": "seven " * (LONGEST // 6),
    "entities": "&#52;" * (LONGEST // 5),
    "pluses": "+1 " * (LONGEST // 3),
}
LINE = "turn 0d7a2c2e-7a86-4cf1-9c9e-0a4a4f1a2b3c took 1.204 s: 3 calls, 18422 tokens, model gpt-x"


def run_privacy(rounds: int) -> None:
    """Print median and 99th percentile of each, in milliseconds, over all texts of the evaluation."""
    texts = [one.text for one in our_texts()]
    everything = (*FINDERS, *CONTACTS)
    mask(LINE)  # what is loaded late is loaded now
    find(" ".join(texts[:200]), everything)
    _tell("clean: what is destroyed", texts, clean)
    _tell("find: everything", texts, lambda text: find(text, everything))
    _tell("clean_next: after four messages", texts, lambda text: clean_next(texts[:4], text))
    _tell("mask: a line of a log", [LINE] * rounds, mask)
    for name, text in HOSTILE.items():
        _tell(f"hostile: {name}, {len(text)} characters", [text] * rounds, lambda text: find(text, everything))


def _tell(name: str, texts: Sequence[str], act: Callable[[str], object]) -> None:
    times = []
    for text in texts:
        began = time.perf_counter()
        act(text)
        times.append(1_000 * (time.perf_counter() - began))
    cuts = quantiles(times, n=100)
    typer.echo(f"{name:48} median {cuts[49]:8.3f} ms   99 % {cuts[98]:8.3f} ms")
