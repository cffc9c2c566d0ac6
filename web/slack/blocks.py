"""What stands in Slack: a handoff, a message, a draft, a reminder, a ticket, an answer. Pure: facts in, blocks out.

Whatever a visitor, a model or a document wrote goes into text objects that Slack shows as they are (`literal`); only
our own words are markup.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from web.slack.brief import Brief, Evidence, Line, Source
from web.slack.words import escaped, fallback, linked, literal, marked, pieces, short, unlinked

Block = dict[str, Any]
Blocks = list[Block]

MOST_PIECES = 3  # sections of one message: Slack takes some 13,000 characters of blocks in all
QUESTION_MAX = 1_000
LINE_MAX = 700
SHOWN = 4  # sources, searches, calls: the last ones

LANGUAGES = {
    "ar": "Arabic",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
}
PRIORITIES = {"urgent": ":red_circle: urgent", "high": ":large_orange_circle: high", "normal": "normal", "low": "low"}
ROLES = {"visitor": "Visitor", "agent": "Assistant", "staff": "Staff", "system": "Shown to both"}
CUT = "… It goes on at the desk."
INTERNAL = "What you write in this thread stays among staff. Only *Reply* reaches the visitor."
GONE = "The visitor had this conversation deleted."


def handoff(brief: Brief, desk_url: str) -> Blocks:
    """The head of a thread: one message for each handoff, changed as its state changes."""
    found: Blocks = [
        {"type": "header", "text": literal(short(f"{_title(brief)} · {brief.site_name}", 150))},
        {"type": "section", "fields": [marked(each) for each in _facts(brief)]},
        _section(marked(f"*Why:* {_state(brief)}")),
        _section(literal(short(brief.reason, 500))),
    ]
    if brief.asked:
        found += [_context("*Last words of the visitor*"), _section(literal(brief.asked[:QUESTION_MAX]))]
    found += [_context(line) for line in evidence(brief.evidence)]
    if brief.closed_at is None:
        found += [_context(INTERNAL), {"type": "actions", "elements": _buttons(brief, desk_url)}]
    return found


def handoff_text(brief: Brief) -> str:
    """What the notification of a handoff says."""
    return fallback(f"{_title(brief)} on {brief.site_name}: {brief.asked or brief.reason}")


def evidence(found: Evidence) -> list[str]:
    """What was searched, found, cited and tried, a line each, as markup."""
    said = [
        ("Searched", " · ".join(f"“{escaped(short(each, 100))}”" for each in found.searched[-SHOWN:])),
        ("Cited", _links(found.cited)),
        ("Found, not cited", _links([each for each in found.found if each not in found.cited])),
        ("Tried", " · ".join(escaped(short(each, 160)) for each in found.tried[-SHOWN:])),
    ]
    lines = [f"*{name}:* {what}" for name, what in said if what]
    return lines or ["*Searched, cited, tried:* nothing: the visitor asked for a person at once."]


def tombstone() -> Blocks:
    """What is left of a handoff whose visitor had everything deleted."""
    return [_section(marked(f":wastebasket: {GONE}"))]


def message(line: Line, sources: Sequence[dict[str, Any]] = ()) -> Blocks:
    """One message of the conversation, in the thread below its handoff."""
    return [_context(f"{_who(line)} · {moment(line.at)}"), *_long(line.text), *_cited(sources)]


def message_text(line: Line) -> str:
    """What the notification of a message says."""
    return fallback(f"{_name(line)}: {line.text}")


def so_far(lines: Sequence[Line]) -> Blocks:
    """The end of the conversation, before what staff follow."""
    found = [_context("*The conversation so far*")] if lines else []
    for line in lines:
        text = line.text if len(line.text) <= LINE_MAX else f"{line.text[:LINE_MAX]} {CUT}"
        found += [_context(f"{_who(line)} · {moment(line.at)}"), _section(literal(text))]
    return found


def note(author: str, text: str, at: datetime, *, edited: bool = False) -> Blocks:
    """What somebody noted at the desk."""
    changed = " (edited)" if edited else ""
    return [_context(f":lock: Note by *{escaped(author)}*{changed}, internal · {moment(at)}"), *_long(text)]


def reminder(brief: Brief) -> Blocks:
    """Nobody came, or answered: said once."""
    return [_section(marked(f":hourglass: {reminder_text(brief)} Waiting since {moment(brief.since)}."))]


def reminder_text(brief: Brief) -> str:
    """The same, for a notification."""
    if brief.claimed_by:
        return escaped(f"The visitor of #{brief.number} still waits for an answer of {brief.claimed_by}.")
    return escaped(f"Nobody has taken #{brief.number} yet.")


def ticket(number: int, status: str, priority: str, subject: str, desk_url: str) -> Blocks:
    """A ticket was opened, or changed."""
    link = f" · {linked(f'{desk_url}/desk/tickets/{number}', 'open at the desk')}" if desk_url else ""
    head = f":ticket: Ticket *{number}* · {escaped(status)} · {PRIORITIES.get(priority, 'normal')}{link}"
    return [_context(head), _section(literal(short(subject, 200)))]


def answer(text: str, sources: Sequence[dict[str, Any]]) -> Blocks:
    """What the agent says to somebody who asked it in Slack, with the pages that it rests on."""
    return [*_long(text), *_cited(sources)]


def by(author: str) -> Blocks:
    """Who of the staff says what follows; nothing where it is the agent."""
    return [_context(f"*{escaped(author)}*")] if author else []


def moment(at: datetime) -> str:
    """A time of day in the reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def button(label: str, action: str, value: str, style: str = "") -> Block:
    """A button; `action` is what it does, `value` to what."""
    made = {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": action, "value": value}
    return made | ({"style": style} if style else {})


def _buttons(brief: Brief, desk_url: str) -> list[Block]:
    key = str(brief.id)
    taken = [] if brief.claimed_by else [button("Claim", "claim", key, "primary")]
    found = [
        *taken,
        button("Reply", "reply", key, "primary" if brief.claimed_by else ""),
        button("Return to bot", "return", key),
        button("Resolve", "resolve", key),
    ]
    if desk_url:
        url = f"{desk_url}/desk/threads/{brief.thread_id}"
        found.append(button("Open at the desk", "open", key) | {"url": url})
    return found


def _title(brief: Brief) -> str:
    return f"#{brief.number} Somebody asks for a person" if brief.closed_at is None else f"#{brief.number}"


def _facts(brief: Brief) -> list[str]:
    if brief.verified_email:
        who = ":white_check_mark: verified; the address is at the desk"
    elif brief.contact_email:
        who = "an address was told, not verified; it is at the desk"
    else:
        who = "none verified"
    language = LANGUAGES.get(brief.language, escaped(brief.language)) or "not known"
    return [
        f"*Visitor's identity*\n{who}",
        f"*Language*\n{language}",
        f"*Priority*\n{PRIORITIES.get(brief.priority, 'normal')}",
        f"*Asks in*\n{escaped(brief.channel)} · {escaped(brief.site_id)}",
    ]


def _state(brief: Brief) -> str:
    since = moment(brief.since)
    match brief.status:
        case "resolved" | "returned":
            what = "Resolved" if brief.status == "resolved" else "Returned to the assistant"
            return f"{what} by {escaped(brief.claimed_by or 'nobody')} · asked {since}"
        case _ if brief.claimed_by:
            return f"With *{escaped(brief.claimed_by)}* · asked {since}"
        case "overdue":
            return f"Nobody came, and the visitor knows · asked {since}"
        case _:
            return f"Waits since {since}"


def _who(line: Line) -> str:
    arrow = " → visitor" if line.role == "staff" else ""
    return f"*{escaped(_name(line))}*{arrow}"


def _name(line: Line) -> str:
    return (line.author if line.role == "staff" else "") or ROLES.get(line.role, line.role)


def _long(text: str) -> Blocks:
    parts = pieces(unlinked(text))
    shown = [_section(literal(part)) for part in parts[:MOST_PIECES]]
    return shown if len(parts) <= MOST_PIECES else [*shown, _context(CUT)]


def _cited(sources: Sequence[dict[str, Any]]) -> Blocks:
    told = [
        f"[{each.get('n')}] {linked(str(each.get('link') or each.get('url') or ''), _titled(each))}"
        for each in sources[:SHOWN]
    ]
    return [_context(line) for line in told]


def _titled(citation: dict[str, Any]) -> str:
    return " › ".join(filter(None, (str(citation.get("title") or ""), str(citation.get("section") or ""))))


def _links(found: Sequence[Source]) -> str:
    return " · ".join(linked(each.url, each.title or each.url) for each in found[:SHOWN])


def _section(text: Block) -> Block:
    return {"type": "section", "text": text}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [marked(text)]}
