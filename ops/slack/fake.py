"""A Slack of our own: the Web API on a port, and people who write, press and type, signed as Slack signs."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from ops.slack.contract import Refused, check_view
from ops.slack.manifest import scopes
from ops.slack.workspace import BOT, TEAM, Json, Message, Workspace

TOKEN, SECRET = "xoxb-made-up-for-the-fake", "signing-secret-of-the-fake"
ANSWER_SECONDS = 3.0  # that Slack waits
RETRIES = 3

Post = Callable[[str, bytes, Mapping[str, str]], tuple[int, Any]]  # path, body, headers → status, JSON


class TooSlow(AssertionError):
    """The app took longer than Slack waits."""


@dataclass
class People:
    """Those who work in the workspace, as the app hears of them."""

    there: Workspace
    post: Post
    secret: str = SECRET
    answers: list[float] = field(default_factory=list)  # seconds that the app took

    def writes(self, user: str, channel: str, text: str, *, below: str = "", **more: Any) -> Message:
        """A message, below another one or not; a mention of the app is told twice, as Slack does."""
        made = self.there.say(channel, user, text, thread_ts=below)
        kinds = ["message", *(["app_mention"] if f"<@{BOT}>" in text and not channel.startswith("D") else [])]
        for kind in kinds:
            self.happens({"type": kind, **self._message(made), "event_ts": made.ts, **self._kind(channel)} | more)
        return made

    def edits(self, made: Message, text: str) -> None:
        """Its author changes it."""
        made.text = text
        changed = {"type": "message", "subtype": "message_changed", "channel": made.channel}
        self.happens(
            changed | {"message": self._message(made), "event_ts": self.there.stamp(), **self._kind(made.channel)}
        )

    def takes_back(self, made: Message) -> None:
        """Its author deletes it."""
        self.there.messages.remove(made)
        gone = {"type": "message", "subtype": "message_deleted", "channel": made.channel, "deleted_ts": made.ts}
        before = {"previous_message": self._message(made), "event_ts": self.there.stamp()}
        self.happens(gone | before | self._kind(made.channel))

    def happens(self, event: Json, event_id: str = "") -> int:
        """An event, sent again until it is answered, three times at most. Returns the last status."""
        body: Json = {"type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event": event}
        body |= {"event_id": event_id or f"Ev{uuid4().hex[:12]}", "event_time": int(time.time())}
        body |= {"authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}]}
        raw, status = json.dumps(body).encode(), 0
        for attempt in range(RETRIES + 1):
            again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_error"} if attempt else {}
            status, _ = self.send("events", raw, "application/json", again)
            if status < 300:  # noqa: PLR2004
                break
        return status

    def presses(self, user: str, on: Message, action: str, *, late_s: float = 0.0) -> str:
        """A button; the id of the window that it opened, or "". `late_s`: the app hears of it so much later."""
        if action not in on.buttons():
            raise AssertionError(f"There is no button {action}: {sorted(on.buttons())}")
        before = set(self.there.views)
        shown = {"ts": on.ts, "text": on.text} | ({"thread_ts": on.thread_ts} if on.thread_ts else {})
        pressed = {"action_id": action, "value": on.buttons()[action], "type": "button"}
        trigger = self.there.trigger()
        self.there.triggers[trigger] -= late_s
        self._interact(
            {"type": "block_actions", "user": {"id": user}, "channel": {"id": on.channel}, "message": shown}
            | {"trigger_id": trigger, "actions": [pressed], "team": {"id": TEAM}}
        )
        return next(iter(set(self.there.views) - before), "")

    def submits(self, user: str, window: str, words: str) -> Json:
        """A window with words in it; what the app answers."""
        view = self.there.views[window]
        values = {
            block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": words}}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        back = view | {"state": {"values": values}}
        found = self._interact({"type": "view_submission", "user": {"id": user}, "view": back, "team": {"id": TEAM}})
        match found.get("response_action"):
            case "update":
                check_view(found["view"])
                self.there.views[window] = found["view"] | {"id": window}
            case "errors":
                inputs = {block.get("block_id") for block in view["blocks"] if block["type"] == "input"}
                if not set(found["errors"]) <= inputs:
                    raise AssertionError("Errors must name input blocks.")
            case _:
                self.there.views.pop(window)
        return found

    def types(self, user: str, text: str, channel: str = "C1") -> str:
        """`/handrail text`; what only they see."""
        form = {"command": "/handrail", "text": text, "user_id": user, "channel_id": channel, "team_id": TEAM}
        form |= {"trigger_id": self.there.trigger(), "response_url": "https://hooks.invalid/x"}
        status, found = self.send("commands", urlencode(form).encode(), "application/x-www-form-urlencoded")
        if status != 200 or found.get("response_type") != "ephemeral":  # noqa: PLR2004
            raise AssertionError(f"HTTP {status}: {found}")
        return str(found["text"])

    def send(self, door: str, raw: bytes, kind: str, more: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """A signed request."""
        began = time.monotonic()
        status, found = self.post(
            f"/slack/{door}", raw, signed(raw, self.secret) | {"Content-Type": kind} | dict(more or {})
        )
        self.answers.append(time.monotonic() - began)
        if self.answers[-1] > ANSWER_SECONDS:
            raise TooSlow(f"{door} took {self.answers[-1]:.1f} s.")
        return status, found

    def _interact(self, payload: Json) -> Json:
        raw = urlencode({"payload": json.dumps(payload)}).encode()
        status, found = self.send("interactions", raw, "application/x-www-form-urlencoded")
        if status != 200:  # noqa: PLR2004
            raise AssertionError(f"HTTP {status}: {found}")
        return found if isinstance(found, dict) else {}

    def _message(self, made: Message) -> Json:
        below = {"thread_ts": made.thread_ts} if made.thread_ts else {}
        text = made.text.replace("&", "&amp;") if "<" not in made.text else made.text
        return {"channel": made.channel, "ts": made.ts, "user": made.user, "text": text, "team": TEAM} | below

    def _kind(self, channel: str) -> Json:
        private = self.there.channels.get(channel, {}).get("is_private", True)
        return {"channel_type": "im" if channel.startswith("D") else "group" if private else "channel"}


def signed(raw: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers by which the app knows Slack."""
    stamp = str(int(time.time() if at is None else at))
    code = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={code}"}


class _Door(BaseHTTPRequestHandler):
    """One connection of the app's to the Web API."""

    fake: "Fake"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.fake.fault
        if fault == "down":
            self._answer(503, {})
            return
        status, found, headers = self._done(raw)
        if fault == "lost":  # it was done, and nobody hears of it
            self.fake.fault = ""
            self.close_connection = True
            return
        self._answer(status, found, headers)

    def _done(self, raw: bytes) -> tuple[int, Json, dict[str, str]]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 200, {"ok": False, "error": "invalid_auth"}, {}
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        args = {name: each[0] for name, each in parse_qs(raw.decode()).items()} if form else json.loads(raw or b"{}")
        try:
            return 200, self.fake.there.call(self.path.rsplit("/", 1)[1], args), {}
        except Refused as refused:
            found = {"ok": False, "error": refused.error, **refused.more}
            if refused.error == "ratelimited":
                return 429, found, {"Retry-After": str(refused.more["retry_after"])}
            return 200, found, {}

    def _answer(self, status: int, found: Json, headers: Mapping[str, str] | None = None) -> None:
        said = json.dumps(found).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(said)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Fake:
    """The Web API at `url`. `fault`: "down" answers 503 to all, "lost" does the next thing and never says so."""

    there: Workspace
    url: str = ""
    fault: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """The settings of an app that is installed here."""
        given = {"BOT_TOKEN": TOKEN, "SIGNING_SECRET": SECRET, "API_URL": self.url}
        return {f"HANDRAIL_SLACK_{name}": value for name, value in given.items()}


@contextmanager
def slack() -> Iterator[Fake]:
    """A workspace whose app has the scopes of the manifest, on a port while the block runs."""
    fake = Fake(Workspace(scopes()))
    door = type("_OwnDoor", (_Door,), {"fake": fake})
    with ThreadingHTTPServer(("127.0.0.1", 0), door) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}/api/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
