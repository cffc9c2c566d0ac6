"""From the visitor's words to calls: rules that choose a tool, or ask back where something is missing."""

import json
import re
from typing import Any

from brain.client import Ask, Intent, Reply, ToolCall
from brain.extractive.facts import (
    asked_for_order,
    asked_for_ticket_address,
    bare_number,
    last_agent_line,
    told,
    visitor_lines,
)
from brain.extractive.likeness import sounds_like
from brain.extractive.phrases import language, phrase
from brain.extractive.wishes import FOLLOW_UP, OFFERED_PERSON, ORDER_TALK, UPSET, YES, Wish, wish_in
from brain.extractive.words import content_stems, mended, pale_stems, plain_english

LIKENED = (Wish.PERSON, Wish.ORDER, Wish.HELLO)
SAID = {Wish.MACHINE, Wish.HELLO, Wish.THANKS}  # answered with a phrase of the same name
SEARCH, ORDER, TICKET, PERSON = "search_kb", "get_order", "create_ticket", "handoff_human"
TOP_K = 8
MOST_QUESTIONS = 2
SHORT = 3  # content words; an order's number with no more around it is about that order
LEANING = 6  # content words; a question with no more may lean on a story that was told just before
ELLIPTIC = 3  # the same for one that begins with "and" or says "it"
EXCERPT_LINES = 6
ASKS = re.compile(r"\?|\b(?:what|how|when|where|which|who|why)\b|^\W*(?:do|does|can|is|are|will)\b", re.IGNORECASE)
EMPTY_WORDS = frozenset({"help", "question", "problem", "issue", "test", "information", "support", "assist", "queri"})


def current(ask: Ask) -> str:
    """What the visitor says now."""
    return ask.memory[-1].text if ask.memory else ""


def plan(ask: Ask) -> Reply:
    """The calls that this turn needs first, or a text where none is needed."""
    text = current(ask)
    plain = plain_english(text)
    wish = _with_context(ask, plain, _wish(plain))
    if wish in SAID:
        return _say(wish, ask, Intent.SMALLTALK)
    if wish is Wish.PERSON:
        return call_person(ask, _reason(plain))
    if wish is Wish.TICKET:
        return _ticket(ask)
    return _order(ask, plain) if wish is Wish.ORDER else _search(ask, plain)


def _wish(plain: str) -> Wish:
    """By the rules, and where they see no more than a question, or one about ourselves, by likeness to examples."""
    if language(plain) != "en":  # mending and likeness know English only: "persona" would become "personal"
        return wish_in(plain)
    clear = mended(plain)
    wish = wish_in(clear)
    if wish is Wish.MACHINE:
        last = re.split(r"(?<=[.?!])\s+", clear.strip())[-1]
        return Wish.PERSON if last != clear.strip() and sounds_like("person", last) else wish
    if wish is not Wish.ANSWER:
        return wish
    return next((other for other in LIKENED if sounds_like(other, clear)), wish)


def offered(ask: Ask, name: str) -> bool:
    """True where the tool may be called now."""
    return any(spec.name == name for spec in ask.tools)


def call_person(ask: Ask, reason: str) -> Reply:
    """Fetch a person, or say that none can be fetched."""
    if not offered(ask, PERSON):
        return _say("no_person", ask, Intent.CLARIFY)
    lines = [f"{said.role}: {said.text}" for said in ask.memory[-EXCERPT_LINES:]]
    return _calls(_call(ask, PERSON, reason=reason, transcript_excerpt="\n".join(lines)[-1000:]))


def _with_context(ask: Ask, plain: str, wish: Wish) -> Wish:
    """What was said before decides about "yes", about a bare number, and about a bare address."""
    if YES.match(plain) and OFFERED_PERSON.search(last_agent_line(ask).rpartition(". ")[2] or last_agent_line(ask)):
        return Wish.PERSON if len(ask.memory) > 1 else wish
    if wish is not Wish.ANSWER:
        return wish
    facts = told(ask)
    told_now = bool(facts.email and facts.email in current(ask))
    if told_now and asked_for_ticket_address(ask):
        return Wish.TICKET
    numbered = bool(facts.order_number) and facts.order_number in current(ask)
    if asked_for_order(ask) and (told_now or numbered):
        return Wish.ORDER
    if numbered and (told_now or _about_one_order(plain)):
        return Wish.ORDER
    return Wish.ORDER if told_now and (facts.order_number or ORDER_TALK.search(plain)) else wish


def _about_one_order(plain: str) -> bool:
    """True where the words around the number say little else ("order 10249 please")."""
    return len([stem for stem in content_stems(plain) if not stem[0].isdigit() and stem not in pale_stems()]) <= SHORT


def _order(ask: Ask, plain: str) -> Reply:
    """Ask the tool even with half of the proof: it knows whether the visitor is signed in, and says what it lacks."""
    if not offered(ask, ORDER):
        return call_person(ask, "The visitor asks about an order, and orders can't be looked up now.")
    facts = told(ask)
    number = facts.order_number or bare_number(plain) or _bare_number_before(ask)
    return _calls(_call(ask, ORDER, email=facts.email or None, order_id=number or None))


def _bare_number_before(ask: Ask) -> str:
    """The newest number that could be an order's, or ""."""
    lines = (said.text for said in reversed(ask.memory) if said.role == "visitor")
    return next(filter(None, map(bare_number, lines)), "")


def _ticket(ask: Ask) -> Reply:
    if not offered(ask, TICKET):
        return call_person(ask, "The visitor wants a ticket, and none can be opened now.")
    email = told(ask).email
    if not email:
        return _say("ticket_address", ask, Intent.CLARIFY)
    lines = [said.text for said in ask.memory if said.role == "visitor"][-3:]
    matter = max(lines, key=lambda line: len(content_stems(line)))
    urgent = re.search(
        r"\b(?:urgent\w*|immediately|emergency|asap|dringend|urgente?)\b", " ".join(lines), re.IGNORECASE
    )
    return _calls(
        _call(
            ask,
            TICKET,
            email=email,
            subject=" ".join(matter.split())[:80],
            body="\n".join(lines)[:2000],
            priority="high" if urgent else "normal",
        )
    )


def _search(ask: Ask, plain: str) -> Reply:
    query = question_with_context(ask, plain)
    stems = content_stems(query)
    if not stems or set(stems) <= EMPTY_WORDS:
        return _say("say_more", ask, Intent.CLARIFY)
    if not offered(ask, SEARCH):
        return call_person(ask, "The visitor has a question, and the documents can't be searched now.")
    alone = query == " ".join(plain.split())
    queries = questions(plain) if alone else [query]
    return _calls(*(_call(ask, SEARCH, number, query=query[:500], top_k=TOP_K) for number, query in enumerate(queries)))


def questions(plain: str) -> list[str]:
    """The one or two questions that `plain` asks; more are searched for together."""
    parts = [
        part.strip()
        for part in re.split(r"(?<=\?)\s+|(?<=\w),? and (?=(?:what|how|when|where|which|do|can|is)\b)", plain)
    ]
    asking = [part for part in parts if len([s for s in content_stems(part) if s not in pale_stems()]) > 1]
    return asking if len(asking) == MOST_QUESTIONS == len(parts) else [" ".join(plain.split())]


def question_with_context(ask: Ask, plain: str) -> str:
    """A short follow-up ("and to Norway?") together with the line it follows; anything else as it is.

    It leans by its words, or because the line before told a story and asked nothing yet.
    """
    before = [plain_english(said.text) for said in ask.memory[:-1] if said.role == "visitor"]
    earlier = next((line for line in reversed(before) if wish_in(line) is Wish.ANSWER), "")
    many = len(content_stems(plain))
    told = bool(before) and earlier == before[-1] and not ASKS.search(earlier)
    leans = many <= 1 or (told and many <= LEANING) or (many <= ELLIPTIC and bool(FOLLOW_UP.search(plain)))
    return " ".join(f"{earlier if leans else ''} {plain}".split())


def _reason(plain: str) -> str:
    if UPSET.search(plain):
        return "The visitor is upset, or speaks of legal steps."
    return "The visitor asks for a person."


def _call(ask: Ask, name: str, number: int = 0, **arguments: Any) -> ToolCall:
    """A call with those arguments that the tool knows; what it wants beyond them is null."""
    spec = next(spec for spec in ask.tools if spec.name == name)
    known = spec.parameters.get("properties") or arguments
    filled = {field: arguments.get(field) for field in known}
    return ToolCall(f"call_{len(ask.outcomes) + number + 1}", name, json.dumps(filled, ensure_ascii=False))


def _calls(*calls: ToolCall) -> Reply:
    return Reply(calls=calls, model="extractive")


def _say(key: str, ask: Ask, intent: Intent) -> Reply:
    return Reply(text=phrase(key, visitor_lines(ask), site=ask.site_name), intent=intent, model="extractive")
