"""Slack's modals: a reply and its preview, a draft's edit, a refusal's reason. Pure.

Sending takes two steps: the first shows what the visitor will see, the second sends exactly that. What was seen is
known by its hash, so words that were changed after the preview are previewed again, never sent unseen.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from core.privacy.tokens import tokens_in
from web.slack.blocks import Blocks
from web.slack.words import literal, marked, short

LONGEST = 3_000  # characters of an input
BRACKETS = "What stands like [order 1] the visitor wrote, and reads in their own words. The desk shows it."
FIELD = "words"  # the input's block and action


@dataclass(frozen=True)
class Writing:
    """What a modal is about, kept in it: `kind` reply, edit or refuse; the hash of what its preview showed."""

    kind: str
    subject: str  # a handoff's id, a draft's name
    seen: str = ""

    @classmethod
    def read(cls, view: dict[str, Any]) -> "Writing":
        """What the modal that came back is about. Raises KeyError, TypeError or ValueError where it is none of ours."""
        return cls(**json.loads(view["private_metadata"]))


def words_in(view: dict[str, Any]) -> str:
    """What was typed. Raises KeyError or TypeError where it is none of our modals."""
    return str(view["state"]["values"][FIELD][FIELD]["value"] or "")


def fingerprint(words: str) -> str:
    """The hash of what was shown."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def reply(subject: str, asked: str, *, note: str, words: str = "") -> dict[str, Any]:
    """Step one: write."""
    blocks: Blocks = [_context(note)]
    if asked:
        blocks += [_context("*The visitor's last words*"), _section(short(asked, 1_000))]
    blocks.append(_input("Your reply", words))
    return _modal(Writing("reply", subject), "Reply to the visitor", "Preview", blocks)


def edit(name: str, words: str) -> dict[str, Any]:
    """A draft to be changed before it goes out."""
    blocks = [_context("Marks like [1] stand for the draft's sources; those that you leave out are not shown.")]
    if tokens_in(words):
        blocks.append(_context(BRACKETS))
    return _modal(Writing("edit", name), "Edit the draft", "Preview", [*blocks, _input("The answer", words)])


def preview(writing: Writing, words: str, author: str) -> dict[str, Any]:
    """Step two: exactly what the visitor will see, and the words, should they be changed after all."""
    blocks: Blocks = [
        _context("*The visitor will see exactly this:*"),
        _section(author),
        _section(words),
        {"type": "divider"},
        _input("Change it here, and you see it again before it is sent", words),
    ]
    shown = Writing(writing.kind, writing.subject, fingerprint(words))
    return _modal(shown, "Preview", "Send to visitor", blocks)


def refuse(name: str) -> dict[str, Any]:
    """Why a draft must not go out."""
    blocks = [_context("The visitor is told that a person comes, and waits in the queue."), _input("Reason", "")]
    return _modal(Writing("refuse", name), "Refuse the draft", "Refuse", blocks)


def notice(title: str, words: str) -> dict[str, Any]:
    """A modal that only says something."""
    return {
        "type": "modal",
        "title": _plain(title),
        "close": _plain("Close"),
        "blocks": [{"type": "section", "text": literal(words)}],
    }


def _modal(writing: Writing, title: str, submit: str, blocks: Blocks) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": writing.kind,
        "private_metadata": json.dumps(asdict(writing)),
        "title": _plain(title),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "blocks": blocks,
    }


def _input(label: str, words: str) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": FIELD,
        "multiline": True,
        "min_length": 1,
        "max_length": LONGEST,
    }
    if words:
        element["initial_value"] = words[:LONGEST]
    # Slack keeps what was typed in a block of the same name over an update: ours is what counts then.
    return {"type": "input", "block_id": FIELD, "label": _plain(label), "element": element}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": literal(text)}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [marked(text)]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
