"""A visitor's news in their own words: tokens opened in what is said, of their own conversation alone."""

import json
from dataclasses import replace
from uuid import UUID

from core.db import reading
from core.privacy.tokens import OPEN
from orchestrator import tokens
from orchestrator.tokens import Drawer
from web.hub import Heard

SAID = {"message": "content", "sentence": "text"}  # which part of what news is somebody's words
ESCAPED = json.dumps(OPEN)[1:-1]


def has_tokens(heard: Heard) -> bool:
    """Whether something in it may be a token."""
    return heard.kind in SAID and (ESCAPED in heard.data or OPEN in heard.data)


def opens(drawer: Drawer, heard: Heard) -> bool:
    """Whether `drawer` knows all that is in it."""
    return not has_tokens(heard) or drawer.holds(str(json.loads(heard.data).get(SAID[heard.kind])))


def opened(drawer: Drawer, heard: Heard) -> Heard:
    """The same news, as their visitor reads them."""
    if not has_tokens(heard):
        return heard
    told = json.loads(heard.data)
    words = drawer.opened(str(told.get(SAID[heard.kind]) or ""))
    return replace(heard, data=json.dumps(told | {SAID[heard.kind]: words}))


def drawer_of(thread_id: UUID) -> Drawer:
    """What the conversation has put away by now."""
    with reading() as session:
        return tokens.drawer(session, thread_id)
