"""Is a sentence of an answer what its passages say? The first fault that is found, in plain words, or ""."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.claims.courtesy import LEAD, courteous
from orchestrator.claims.covering import LEAST_WORDS, WHOLE, pieces_for
from orchestrator.claims.reading import Piece, Word, pieces, read
from orchestrator.claims.signals import opposites

ENOUGH = 0.5  # share of a sentence's own words that its passages must have
OWN_CLAUSE = 0.6  # share of a clause's words that a piece must have to speak for it alone
NEARLY = 0.8  # share of all words, of the smallest as well, from which on a sentence is the passage's own
FORM = 4  # letters that two forms of a word begin with at least
TURNING = {"not", "only", "unless", "even"}
PLAIN = {"before", "after", "over", "under", "least", "most", "free", "charged", "include", "exclude", "open", "closed"}
TIGHT = {"only", "unless", "even"}  # conditions that may not come or go


@dataclass(frozen=True)
class Passage:
    """What is cited: its text, and the headings that stand over it."""

    text: str
    above: str = ""  # title and section
    language: str = "en"


def fault(sentence: str, passages: Sequence[Passage], known: str = "") -> str:
    """What `sentence` says that `passages` do not, or ""; `known` are words that may be used as well."""
    sentence = LEAD.sub("", sentence)
    if not passages or courteous(sentence):
        return ""
    language = passages[0].language
    said = read(sentence, language)
    held = [piece for passage in passages for piece in pieces(passage.text, passage.language)]
    cover = pieces_for(said, held)
    headings = dict.fromkeys(piece.heading for piece in cover)
    around = read("\n".join([*(passage.above for passage in passages), *headings, known]), language)
    return next(_faults(_Case(said, cover, held, around)), "")


class _Case:
    """A sentence, the pieces that it rests on, all pieces, and the headings and words around them."""

    def __init__(self, said: Piece, cover: list[Piece], held: Sequence[Piece], around: Piece) -> None:
        self.said, self.cover, self.held, self.around = said, cover, held, around
        self.stems = frozenset().union(around.stems, *(piece.stems for piece in cover))
        self.everywhere = self.stems.union(*(piece.stems for piece in held))
        self.near = bool(cover) and _near(said, cover)

    def tells(self, clause: Sequence[Word]) -> bool:
        """True where `clause` has enough words of its own to be compared; in other words it needs two."""
        return self.near or len({word.stem or word.figure for word in clause} - {""}) > 1


def _near(said: Piece, cover: Sequence[Piece]) -> bool:
    """True for the passage's own wording: then one strange word in it was put there, and no number may have moved."""
    own = [cover[0], *(piece for piece in cover[1:] if _whole(piece, said))]
    stems = frozenset().union(*(piece.stems for piece in own))
    bag = frozenset().union(*(piece.bag for piece in own))
    there = sum(word.folded in bag or word.stem in stems for word in said.words)
    return there >= NEARLY * len(said.words)


def _whole(piece: Piece, said: Piece) -> bool:
    return (piece.bag & said.bag).total() >= WHOLE * piece.bag.total()


def _faults(case: _Case) -> Iterator[str]:
    said = case.said
    if not case.cover:
        if said.stems or said.figures:
            yield f"“{said.text}” stands in none of the cited passages"
        return
    own = [word for word in said.words if word.stem]
    if own and sum(word.stem in case.everywhere for word in own) < ENOUGH * len(own):
        yield f"“{said.text}” is not what the cited passages say"
    yield from _figures(case)
    yield from _strange(case)
    yield from _contrasts(said, case.cover, case.around)
    yield from _counted(said, case.cover, case.around)
    yield from _turned(case)


# ---- numbers ----


def _figures(case: _Case) -> Iterator[str]:
    said = case.said
    beside = [] if case.near else _beside(case)
    for word in said.words:
        if word.figure and not (
            any(_counts(word, piece, said) for piece in case.cover)
            or (word.unit and any(_counts(word, piece, said) for piece in beside))
            or word.figure in case.around.figures
            or any(_alone(said, word, piece) for piece in case.held)
        ):
            yield f"the cited passage does not say {_quoted(said, word)} of this"


def _beside(case: _Case) -> list[Piece]:
    """Pieces right beside those that a sentence in other words rests on, where they speak of the same."""
    chosen = set(case.cover)
    held = list(case.held)
    at = [i for i, piece in enumerate(held) if piece in chosen]
    near = {i + step for i in at for step in (-1, 1) if 0 <= i + step < len(held)} - set(at)
    return [held[i] for i in sorted(near) if held[i].stems & case.said.stems]


def _counts(word: Word, piece: Piece, said: Piece) -> bool:
    """True where `piece` has the number, of the same things, and in a row under a heading that was meant."""
    for other in piece.words:
        if other.figure == word.figure and (not word.unit or not other.unit or word.unit == other.unit):
            return not piece.row or _right_cell(piece, other, said)
    return False


def _right_cell(row: Piece, number: Word, said: Piece) -> bool:
    """False where the heading of another cell was named and this one's was not."""
    cells = [read(cell) for cell in row.text.split(" | ")]
    cells = [cell for cell in cells if ":" in cell.text]
    heads = [(read(cell.text.partition(":")[0]), cell) for cell in cells]
    named = [bool((head.stems | head.figures) & (said.stems | said.figures)) for head, _ in heads]
    mine = [named[at] for at, (_, cell) in enumerate(heads) if number.figure in cell.figures]
    others = [
        at for at, (head, cell) in enumerate(heads) if named[at] and not cell.figures - head.figures <= said.figures
    ]
    return not mine or any(mine) or not others


def _alone(said: Piece, word: Word, piece: Piece) -> bool:
    """True where `piece` speaks for the clause of `word` by itself."""
    clause = [each for each in said.words if each.clause == word.clause]
    stems = {each.stem for each in clause if each.stem}
    figures = {each.figure for each in clause if each.figure}
    enough = len(stems) > 1 and len(stems & piece.stems) >= max(2, OWN_CLAUSE * len(stems))
    return enough and figures <= piece.figures and _counts(word, piece, said)


def _quoted(said: Piece, word: Word) -> str:
    at = said.words.index(word)
    after = said.words[at + 1].text if at + 1 < len(said.words) else ""
    return f"“{word.text} {after}”" if after else f"“{word.text}”"


# ---- names, and words that were put in ----


def _strange(case: _Case) -> Iterator[str]:
    folded = frozenset().union(*(piece.bag for piece in case.cover))
    capitals = frozenset().union(*(piece.capitals for piece in (*case.cover, case.around)))
    own = [word for word in case.said.words if word.stem]
    strange = [word for word in own if word.stem not in case.stems and not _form(word, case.stems, folded)]
    for word in strange:
        turned = _negated(word, case.stems) and not any("not" in piece.kinds for piece in case.cover)
        if turned or (word.named and not (word.stem in case.everywhere and not case.near)):
            yield f"“{word.text}” is not in what is cited for it"
        elif case.near and len(own) > 1:
            there = "is said of something else" if word.stem in case.everywhere else "is not in what is cited for it"
            yield f"“{word.text}” {there}"
    for word in own:
        if case.near and word.named and word.folded in folded - capitals:
            yield f"“{word.text}” is no name in what is cited for it"


def _form(word: Word, stems: frozenset[str], folded: frozenset[str]) -> bool:
    """True for another form of a word that is there: "refunded" beside "refund", "boots" beside "boot"."""
    begin = word.stem[: max(FORM, len(word.stem) - 2)]
    return (
        len(word.stem) >= FORM
        and any(
            each.startswith(begin) and abs(len(each) - len(word.folded)) <= 3  # noqa: PLR2004
            for each in folded
        )
        and not _negated(word, stems)
    )


def _negated(word: Word, stems: frozenset[str]) -> bool:
    """True where the passage has the opposite by its first syllable: used and unused."""
    short = word.folded.removeprefix("un").removeprefix("in").removeprefix("non")
    if short != word.folded and len(short) > 2:  # noqa: PLR2004
        return any(each == word.stem[len(word.folded) - len(short) :] for each in stems)
    return any(f"{prefix}{word.stem}" in stems for prefix in ("un", "in", "dis"))


# ---- contrasts: weekdays, months, units, colours ----


def _contrasts(said: Piece, cover: Sequence[Piece], around: Piece) -> Iterator[str]:
    held = {thing for piece in (*cover, around) for word in piece.words for thing in word.things}
    lists = {at for at, _ in held}
    for word in said.words:
        wrong = [(at, thing) for at, thing in word.things if at in lists and (at, thing) not in held]
        if word.things and len(wrong) == len(word.things):
            yield f"“{word.text}” is not in what is cited for it"


# ---- nearly the passage's own words: what was put in or taken out ----


def _counted(said: Piece, cover: Sequence[Piece], around: Piece) -> Iterator[str]:
    """In the wording of a passage nothing may be denied or turned round, and no number stand in another's place."""
    theirs = sum((piece.bag for piece in cover), Counter[str]())
    count = said.bag.total()
    if (said.bag & theirs).total() < NEARLY * count or count < LEAST_WORDS:
        return
    figures = _tally(said.words, "figure")
    more_figures = figures - _tally([word for piece in (*cover, around) for word in piece.words], "figure")
    if more_figures:
        yield f"the cited passage does not say “{min(more_figures)}” of this"
    their = sum((piece.kinds for piece in cover), Counter[str]())
    more, fewer = said.kinds - their, their - said.kinds
    for kind in sorted(more):
        if kind in TURNING or opposites().get(kind, frozenset()) & set(fewer):
            yield f"“{said.text}” turns round what is cited ({kind})"
    best = cover[0]
    if len(best.stems & said.stems) >= NEARLY * len(best.stems):
        for kind in sorted(TURNING & set(best.kinds - said.kinds)):
            yield f"“{said.text}” leaves out what is cited ({kind})"
        if said.lead and best.lead and said.lead != best.lead:
            yield f"the cited passage begins with “{best.lead}”, not “{said.lead}”"


def _tally(words: Iterable[Word], name: str) -> Counter[str]:
    return Counter(value for word in words if (value := getattr(word, name)))


# ---- negations and conditions ----


def _turned(case: _Case) -> Iterator[str]:
    said, cover = case.said, case.cover
    for clause in range(said.clauses):
        mine = [word for word in said.words if word.clause == clause]
        best = _counterpart(mine, cover) if case.tells(mine) else None
        if best is not None:
            yield from _differ(mine, *best, case)
    for piece in cover:
        for clause in range(piece.clauses):
            theirs = [word for word in piece.words if word.clause == clause]
            if case.tells(theirs) and _counterpart(theirs, [said]) is not None:
                yield from _lost(theirs, said)


def _counterpart(clause: Sequence[Word], cover: Sequence[Piece]) -> tuple[list[Word], Piece] | None:
    """The clause of the pieces that says the same: most of its words are there."""
    stems = {word.stem for word in clause if word.stem} | {f"#{word.figure}" for word in clause if word.figure}
    if not stems:
        return None
    kinds = _meant(clause)
    best: tuple[tuple[float, int, int], list[Word], Piece] | None = None
    for piece in cover:
        for at in range(piece.clauses):
            words = [word for word in piece.words if word.clause == at]
            there = {word.stem for word in words if word.stem} | {f"#{word.figure}" for word in words if word.figure}
            share = len(stems & there) / len(stems)
            rank = (share, len(kinds & _meant(words)), -len(there))
            if share and (best is None or rank > best[0]):
                best = (rank, words, piece)
    return (best[1], best[2]) if best and best[0][0] >= OWN_CLAUSE else None


def _differ(mine: Sequence[Word], others: Sequence[Word], whole: Piece, case: _Case) -> Iterator[str]:
    my, their = _meant(mine), _meant(others)
    if "not" in my and "not" not in whole.kinds:
        yield f"“{case.said.text}” denies what the cited passage says"
    for kind in sorted(my - their):
        clash = opposites().get(kind, frozenset()) & (their - my)
        if clash and (case.near or kind in PLAIN) and not clash & set(case.said.kinds):
            yield f"“{case.said.text}” turns round what is cited ({kind}, not {min(clash)})"
        elif kind in TIGHT and case.near and kind not in whole.kinds:
            yield f"“{case.said.text}” adds a condition ({kind}) that is not cited"


def _lost(theirs: Sequence[Word], said: Piece) -> Iterator[str]:
    their = _meant(theirs)
    if "not" in their and not {"not", "unless", "only", "exclude"} & set(said.kinds):
        yield f"“{said.text}” leaves out a “not” of the cited passage"
    for kind in sorted(their & {"only", "unless"}):
        if not {"only", "unless", "not", "if"} & set(said.kinds):
            yield f"“{said.text}” leaves out a condition ({kind}) of the cited passage"


def _meant(words: Iterable[Word]) -> set[str]:
    return {kind for word in words for kind in word.kinds}
