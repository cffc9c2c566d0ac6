"""`POST /slack/events`, `/slack/interactions`, `/slack/commands`: verified on the raw bytes, answered within 3 s."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from core.db import transaction
from core.errors import HandrailError
from core.log import get_logger
from core.settings import Settings
from web.chat import PROBLEMS
from web.deps import Chosen, Raw
from web.slack import commands, events, interactions
from web.slack.api import Call, SlackApi
from web.slack.verifying import verify
from web.webhooks import bodies, contract
from web.webhooks.intake import Intake
from web.webhooks.received import BodyNotJson, Received

log = get_logger(__name__)

FIELDS_MAX = 60
SAYING_SECONDS = 3.0

Result = TypeVar("Result")

FORM = contract.taking({"type": "object"}, "application/x-www-form-urlencoded", stamped=False)
EVENT = contract.taking({"type": "object"}, stamped=False)

router = APIRouter(
    prefix="/slack", tags=["slack"], responses=PROBLEMS, dependencies=[Security(contract.SLACK_SIGNATURE)]
)


class NotSlacks(BodyNotJson):
    """This is not what Slack sends here: check the three request URLs of the app against the manifest."""


@router.post("/events", openapi_extra=EVENT)
async def take_event(request: Request, raw: Raw, settings: Chosen) -> JSONResponse:
    """Events: messages below handoffs, mentions, direct messages, the app's own end. Stored once by `event_id`."""
    _verify(request, raw, settings)
    body = bodies.parse(raw, request.headers.get("content-type", ""))
    if body.get("type") == "url_verification":
        return JSONResponse({"challenge": bodies.text(body, "challenge", 500)})
    if body.get("type") == "event_callback":
        intake: Intake = request.app.state.intake
        received = await run_in_threadpool(_read, body, raw)
        if received is not None:
            await intake.store(received)
    return JSONResponse({})


@router.post("/interactions", openapi_extra=FORM)
async def take_interaction(request: Request, raw: Raw, settings: Chosen) -> JSONResponse:
    """Buttons and modals: decided before the answer."""
    _verify(request, raw, settings)
    payload = _payload(_form(raw))
    done = _understood(lambda: interactions.read(payload))
    reply = await run_in_threadpool(interactions.act, done, settings) if done else interactions.Reply()
    after = BackgroundTask(_say, settings, reply.after) if reply.after else None
    return JSONResponse(reply.body or {}, background=after)


@router.post("/commands", openapi_extra=FORM)
async def take_command(request: Request, raw: Raw, settings: Chosen) -> JSONResponse:
    """`/handrail …`: only whoever typed it sees the answer."""
    _verify(request, raw, settings)
    form = _form(raw)
    typed = _understood(lambda: commands.Typed.read(form))
    text = await run_in_threadpool(commands.act, typed, settings)
    return JSONResponse({"response_type": "ephemeral", "text": text})


def _verify(request: Request, raw: bytes, settings: Settings) -> None:
    both = (settings.slack_signing_secret, settings.slack_signing_secret_before)
    verify(raw, request.headers, [secret.get_secret_value() for secret in both])


def _read(body: dict[str, Any], raw: bytes) -> Received | None:
    with transaction() as session:
        return events.read(session, body, raw)


def _form(raw: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name."""
    try:
        found = parse_qs(raw.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise NotSlacks from None
    form = {name: values[0] for name, values in found.items()}
    if any("\x00" in value for value in form.values()):
        raise NotSlacks
    return form


def _payload(form: dict[str, str]) -> dict[str, Any]:
    return bodies.parse(form.get("payload", "").encode(), "application/json")


def _understood(read: Callable[[], Result]) -> Result:
    """What is signed, and still nothing that Slack sends, is a 400."""
    try:
        return read()
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise NotSlacks from error


def _say(settings: Settings, call: Call) -> None:
    """A word to one person; where it does not arrive, the message's own state still says how things are."""
    try:
        SlackApi(settings, SAYING_SECONDS).answer(call)
    except HandrailError as error:
        log.warning("slack_word_lost", cause=error.detail)
