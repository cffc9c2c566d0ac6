"""What a visitor writes of how to reach them, and of which order is theirs: put away, and a token kept in its place.

`⟦email:1⟧` stands in messages, journals, questions to models, searches and logs. The same value in one conversation is
the same token. It is opened in the arguments of tools (`orchestrator/passing.py`), and for the visitor and the desk.

Whoever puts something away holds the thread's lock.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from brain.extractive.wishes import Wish, wish_in
from core import signing
from core.models import Message, Thread, Token
from core.models.sealed import owned
from core.privacy import orders
from core.privacy.cleaning import PART, find
from core.privacy.found import Found, Kind, settled
from core.privacy.needed import CONTACTS
from core.privacy.tokens import (
    CLOSED,
    neutral,
    normal,
    parts,
    plain,
    replaced,
    token,
    tokens_in,
    untokened,
    with_tokens,
)

ASKING = ("agent", "staff")
GONE = "[address removed]"
MOST = 200  # values of one kind in one conversation: of more, whoever writes them, nothing is kept
Value = tuple[Kind, str]  # a kind, and what was written


@dataclass(frozen=True)
class Drawer:
    """What one conversation has put away: tokens, and the words that they stand for."""

    values: Mapping[str, str] = field(default_factory=dict)

    def opened(self, text: str) -> str:
        """`text` in its writer's own words; what is not known here stays closed."""
        return replaced(text, self.values.get)

    def shut(self, text: str, stands: Iterable[str]) -> str:
        """`text`, opened before, with each of `stands` in the place of its value again."""
        named = {self.values[each]: each for each in stands if each in self.values}
        if not named:
            return text
        longest_first = sorted(map(re.escape, named), key=len, reverse=True)
        return re.sub("|".join(longest_first), lambda found: named[found.group()], text)

    def holds(self, text: str) -> bool:
        """Whether every token of `text` is known here."""
        return all(each in self.values for each in tokens_in(text))


def put_away(session: Session, thread_id: UUID, text: str) -> str:
    """`text` as it is kept: each address, telephone and order number a token; a token typed by hand is none."""
    text = neutral(text)
    found = _found(session, thread_id, text)
    if not found:
        return text
    stands = tokens_for(session, thread_id, [(one.kind, text[one.start : one.end]) for one in found])
    return with_tokens(text, ((one.start, one.end, stands[one.kind, text[one.start : one.end]]) for one in found))


def tokens_for(session: Session, thread_id: UUID, values: Sequence[Value]) -> dict[Value, str]:
    """The token of each of `values`, a new one where it is not known yet."""
    known = _known(session, thread_id)
    highest: dict[str, int] = {}
    for kind, n in map(parts, known.values()):
        highest[kind] = max(highest.get(kind, 0), n)
    stands: dict[Value, str] = {}
    new = []
    for kind, value in values:
        key = (kind, digest(kind, value))
        if key not in known:
            highest[kind] = n = min(highest.get(kind, 0), MOST) + 1
            known[key] = token(kind, n)
            if n <= MOST:
                kept = owned(thread_id, value)
                new.append({"thread_id": thread_id, "kind": kind, "n": n, "value": kept, "value_hash": key[1]})
        stands[kind, value] = known[key]
    if new:
        session.execute(insert(Token), new)
    return stands


def hidden(session: Session, thread_id: UUID, text: str) -> str:
    """`text` with tokens for what this conversation has put away already, and for none else.

    For what staff write: they may repeat a visitor's address, or write `[order 1]` as Slack shows it.
    """
    text = neutral(text)
    found, named = find(text, CONTACTS), CLOSED.search(text)
    if not found and not named:
        return text
    known = _known(session, thread_id)
    spans = [(one, known.get((one.kind, digest(one.kind, text[one.start : one.end])))) for one in found]
    text = with_tokens(text, ((one.start, one.end, stands) for one, stands in spans if stands))
    there = set(known.values())
    return CLOSED.sub(lambda name: stands if (stands := f"⟦{name[1]}:{name[2]}⟧") in there else name.group(), text)


def opened(session: Session, thread_id: UUID, text: str) -> str:
    """`text` in the visitor's own words. Only for who may read them: see docs/personal-data.md."""
    return drawer(session, thread_id).opened(text) if tokens_in(text) else text


def opened_all(session: Session, texts: Iterable[tuple[UUID, str]]) -> list[str]:
    """The same for texts of several conversations, each with its thread, in one question."""
    given = list(texts)
    there = drawers(session, {thread_id for thread_id, text in given if tokens_in(text)})
    return [there[thread_id].opened(text) if thread_id in there else text for thread_id, text in given]


def drawer(session: Session, thread_id: UUID) -> Drawer:
    """What this conversation has put away."""
    return drawers(session, (thread_id,)).get(thread_id, Drawer())


def drawers(session: Session, thread_ids: Iterable[UUID]) -> dict[UUID, Drawer]:
    """The same of several, those alone that have something."""
    wanted = list(thread_ids)
    if not wanted:
        return {}
    values: dict[UUID, dict[str, str]] = {}
    columns = select(Token.thread_id, Token.kind, Token.n, Token.value)
    for row in session.execute(columns.where(Token.thread_id.in_(wanted))):
        values.setdefault(row.thread_id, {})[token(row.kind, row.n)] = row.value
    return {thread_id: Drawer(found) for thread_id, found in values.items()}


def is_known(session: Session, thread_id: UUID, kind: Kind, value: str) -> bool:
    """Whether `value` was put away in this conversation."""
    return (kind, digest(kind, value)) in _known(session, thread_id)


def digest(kind: Kind, value: str) -> str:
    """The keyed hash by which `value` is found again: HMAC-SHA256, hex, of its kind and its plain spelling."""
    said = f"token\n{kind}\n{normal(kind, value)}"
    return signing.sign("tokens", said.encode("utf-8", "surrogatepass"))


def sought(words: str) -> tuple[tuple[frozenset[str], ...], str]:
    """What of a search is an address or a number that may have been put away, as hashes of its readings; and the rest.

    Nobody who searches says which kind of number it is.
    """
    spans = find(words, (*CONTACTS, (orders.any_number, 3)))
    found = []
    for one in spans:
        value = words[one.start : one.end]
        kinds: tuple[Kind, ...] = ("email",) if one.kind == "email" else ("order", "phone")
        found.append(frozenset(digest(kind, value) for kind in kinds))
    rest = with_tokens(words, ((one.start, one.end, " ") for one in spans))
    return tuple(found), " ".join(rest.replace("#", " ").split())


def address_in(session: Session, thread_id: UUID, text: str) -> str:
    """The first e-mail address for which a token stands in `text`, as letters can be sent to it, or ""."""
    stands = next((each for each in tokens_in(text) if parts(each)[0] == "email"), "")
    value = drawer(session, thread_id).values.get(stands, "") if stands else ""
    return plain("email", value) if value else ""


def forget(session: Session, thread_id: UUID, stands: Iterable[str], instead: str = PART) -> None:
    """Destroy what these tokens stand for, `instead` of which is read from now on. No other value gets their number."""
    for kind, n in map(parts, stands):
        row = update(Token).where(Token.thread_id == thread_id, Token.kind == kind, Token.n == n)
        session.execute(row.values(value=owned(thread_id, instead), value_hash=uuid4().hex))


def forget_address(session: Session, site_id: str, email: str) -> int:
    """Destroy this address wherever somebody of that site wrote it: in how many conversations."""
    held = (Thread.site_id == site_id, Token.kind == "email", Token.value_hash == digest("email", email))
    rows = session.execute(select(Token.thread_id, Token.n).join(Thread, Thread.id == Token.thread_id).where(*held))
    found = [(row.thread_id, token("email", row.n)) for row in rows]
    for thread_id, stands in found:
        forget(session, thread_id, (stands,), instead=GONE)
    return len(found)


def _found(session: Session, thread_id: UUID, text: str) -> tuple[Found, ...]:
    found = find(text, CONTACTS)
    bare = find(text, ((orders.bare, orders.SHORTEST),)) if sum(map(str.isdigit, text)) >= orders.SHORTEST else ()
    if not bare:
        return found
    asked = _asked_for_order(session, thread_id)
    if not asked and not _about_an_order(text, found):
        return found
    if asked:  # then ten digits are no telephone number
        found = tuple(one for one in found if one.kind != "phone" or not _overlaps(one, bare))
    return settled([*found, *bare])


def _about_an_order(text: str, found: Iterable[Found]) -> bool:
    """Whether a number that stands for itself in `text` is taken for an order's: beside an address, or by the words."""
    beside = any(one.kind == "email" for one in found)
    return beside or orders.SPOKEN_OF.search(text) is not None or wish_in(untokened(text)) is Wish.ORDER


def _overlaps(one: Found, others: Iterable[Found]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _asked_for_order(session: Session, thread_id: UUID) -> bool:
    """Whether what was said to the visitor last asks for an order's number."""
    said = select(Message.content).where(Message.thread_id == thread_id, Message.role.in_(ASKING))
    return orders.ASKED.search(session.scalar(said.order_by(Message.position.desc()).limit(1)) or "") is not None


def _known(session: Session, thread_id: UUID) -> dict[tuple[str, str], str]:
    """Kind and hash → token, of all that this conversation has put away."""
    rows = session.execute(select(Token.kind, Token.value_hash, Token.n).where(Token.thread_id == thread_id))
    return {(row.kind, row.value_hash): token(row.kind, row.n) for row in rows}
