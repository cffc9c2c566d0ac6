"""A workspace: people, channels, messages, windows, and the methods that work on them. No network here."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ops.slack.contract import Refused, check_call, check_message, check_view, texts

TEAM, BOT = "T0HANDRAIL", "U0HANDRAIL"
TRIGGER_SECONDS = 3.0
BURST = 20.0  # posts in a channel beyond one a second
PING = re.compile(r"<!(?:channel|here|everyone|subteam)[^>]*>|<@[UW]\w+[^>]*>")
LINK = re.compile(r"<(https?://[^|>]+)[^>]*>")
BARE = re.compile(r"(?<![<|\w])https?://[^\s\u2060]+")

Json = dict[str, Any]


@dataclass
class Message:
    """One message as it stands."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    metadata: Json = field(default_factory=dict)
    reactions: list[str] = field(default_factory=list)
    broadcast: bool = False
    edited: int = 0
    at: float = field(default_factory=time.monotonic)

    @property
    def shown(self) -> str:
        """All its words."""
        return "\n".join([str(each["text"]) for each in texts(self.blocks)] or [self.text])

    def _marked(self) -> str:
        return "\n".join([self.text, *(each["text"] for each in texts(self.blocks) if each["type"] == "mrkdwn")])

    @property
    def pings(self) -> list[str]:
        """Whom it calls: channels, groups, people."""
        return PING.findall(self._marked())

    @property
    def links(self) -> list[str]:
        """What can be clicked in it, also what Slack's clients make a link of by themselves."""
        plain = "\n".join(str(each["text"]) for each in texts(self.blocks) if each["type"] == "plain_text")
        return [*LINK.findall(self._marked()), *BARE.findall(f"{plain}\n{self.text}")]

    def buttons(self) -> dict[str, str]:
        """By action, what each is about."""
        rows = [block["elements"] for block in self.blocks if block["type"] == "actions"]
        return {one["action_id"]: one.get("value", "") for row in rows for one in row}


@dataclass
class Workspace:
    """Everything in it; `scopes` are what the app was given."""

    scopes: frozenset[str]
    users: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    ephemeral: list[Json] = field(default_factory=list)
    views: dict[str, Json] = field(default_factory=dict)
    triggers: dict[str, float] = field(default_factory=dict)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    installed: bool = True
    burst: float = BURST
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Callable[[], float] = time.monotonic
    changed: threading.Condition = field(default_factory=threading.Condition)
    _used: dict[str, tuple[float, float]] = field(default_factory=dict)
    _last_ts: float = 0.0

    def add_user(self, user: str, email: str, name: str = "", **more: Any) -> str:
        """Somebody who works there."""
        profile = {"email": email, "real_name": name or user}
        self.users[user] = {"id": user, "team_id": TEAM, "name": user.lower(), "profile": profile} | more
        return user

    def add_channel(self, channel: str, *members: str, private: bool = True) -> str:
        """A channel with the bot in it."""
        found = {"id": channel, "name": channel.lower(), "is_archived": False, "is_private": private}
        self.channels[channel] = found | {"members": {BOT, *members}}
        return channel

    def call(self, name: str, args: Json) -> Json:
        """What a method answers. Raises Refused; `ratelimited` with `retry_after`."""
        with self.lock:
            self.calls.append((name, args))
            if not self.installed:
                raise Refused("account_inactive")
            method = check_call(name, args, self.scopes)
            place = f"{name}:{args['channel']}" if method.per_channel else name
            self._count(place, method.rate / 60, self.burst if method.per_channel else float(method.rate))
            answer: Json = METHODS[name](self, args)
        with self.changed:
            self.changed.notify_all()
        return {"ok": True} | answer

    def until(self, true: Callable[[], Any], seconds: float = 10.0) -> Any:
        """What `true` gives once it gives something; None after `seconds`."""
        ends = time.monotonic() + seconds
        with self.changed:
            while not (found := true()) and time.monotonic() < ends:
                self.changed.wait(0.02)
        return found or None

    def _count(self, place: str, per_second: float, most: float) -> None:
        left, at = self._used.get(place, (most, self.clock()))
        left = min(most, left + (self.clock() - at) * per_second)
        if left < 1:
            raise Refused("ratelimited", retry_after=max(1, round((1 - left) / per_second)))
        self._used[place] = (left - 1, self.clock())

    def say(self, channel: str, user: str, text: str, **more: Any) -> Message:
        """Put a message there, as its author or the app does."""
        with self.lock:
            made = Message(channel, self.stamp(), user, text, **more)
            self.messages.append(made)
            return made

    def stamp(self) -> str:
        """A time that no other message has."""
        with self.lock:
            self._last_ts = max(time.time(), self._last_ts + 0.000002)
            return f"{self._last_ts:.6f}"

    def trigger(self) -> str:
        """A new trigger: it opens one window, within three seconds."""
        made = f"{uuid4().int % 10**12}.{uuid4().hex}"
        self.triggers[made] = self.clock()
        return made

    def at(self, channel: str, ts: str) -> Message:
        """The message that stands there. Raises Refused."""
        for one in self.messages:
            if (one.channel, one.ts) == (channel, ts):
                return one
        raise Refused("message_not_found")

    def below(self, head: Message) -> list[Message]:
        """What stands in its thread."""
        return [one for one in self.messages if (one.channel, one.thread_ts) == (head.channel, head.ts)]

    def open_channel(self, channel: str) -> Json:
        """A channel that the app can post to. Raises Refused."""
        found = self.channels.get(channel)
        if found is None:
            raise Refused("channel_not_found")
        if BOT not in found["members"]:
            raise Refused("not_in_channel")
        if found["is_archived"]:
            raise Refused("is_archived")
        return found


def _post(there: Workspace, args: Json) -> Json:
    there.open_channel(args["channel"])
    check_message(args)
    below = str(args.get("thread_ts", ""))
    if below and not any((one.channel, one.ts) == (args["channel"], below) for one in there.messages):
        raise Refused("thread_not_found")
    more = {"metadata": args.get("metadata") or {}, "broadcast": bool(args.get("reply_broadcast"))}
    made = there.say(args["channel"], BOT, args.get("text", ""), blocks=args.get("blocks", []), thread_ts=below, **more)
    return {"channel": made.channel, "ts": made.ts, "message": {"text": made.text, "bot_id": "B1"}}


def _own(there: Workspace, args: Json, error: str) -> Message:
    there.open_channel(args["channel"])
    found = there.at(args["channel"], args["ts"])
    if found.user != BOT:
        raise Refused(error)
    return found


def _update(there: Workspace, args: Json) -> Json:
    check_message(args)
    found = _own(there, args, "cant_update_message")
    found.text, found.blocks, found.edited = args.get("text", ""), args.get("blocks", []), found.edited + 1
    return {"channel": found.channel, "ts": found.ts, "text": found.text}


def _delete(there: Workspace, args: Json) -> Json:
    there.messages.remove(_own(there, args, "cant_delete_message"))
    return {"channel": args["channel"], "ts": args["ts"]}


def _whisper(there: Workspace, args: Json) -> Json:
    channel = there.open_channel(args["channel"])
    if args["user"] not in channel["members"]:
        raise Refused("user_not_in_channel")
    check_message(args)
    there.ephemeral.append(args)
    return {"message_ts": there.stamp()}


def _open_view(there: Workspace, args: Json) -> Json:
    began = there.triggers.pop(args["trigger_id"], None)
    if began is None:
        raise Refused("invalid_trigger_id")
    if there.clock() - began > TRIGGER_SECONDS:
        raise Refused("expired_trigger_id")
    check_view(args["view"])
    id_ = f"V{uuid4().hex[:10]}"
    there.views[id_] = args["view"] | {"id": id_}
    return {"view": there.views[id_]}


def _user(there: Workspace, args: Json) -> Json:
    found = there.users.get(args["user"])
    if found is None:
        raise Refused("user_not_found")
    seen = set(found["profile"]) - (set() if "users:read.email" in there.scopes else {"email"})
    return {"user": found | {"profile": {name: found["profile"][name] for name in seen}}}


def _history(there: Workspace, args: Json) -> Json:
    there.open_channel(args["channel"])
    below, oldest = str(args.get("ts", "")), float(args.get("oldest") or 0)
    found = [
        {"ts": one.ts, "text": one.text, "user": one.user}
        | ({"metadata": one.metadata} if str(args.get("include_all_metadata", "")).lower() in {"1", "true"} else {})
        for one in there.messages
        if one.channel == args["channel"]
        and float(one.ts) >= oldest
        and (below in {one.thread_ts, one.ts} if below else not one.thread_ts or one.broadcast)
    ]
    return {"messages": found if below else found[::-1], "has_more": False}


def _react(there: Workspace, args: Json) -> Json:
    found = there.at(args["channel"], args["timestamp"])
    if args["name"] in found.reactions:
        raise Refused("already_reacted")
    found.reactions.append(args["name"])
    return {}


def _channel(there: Workspace, args: Json) -> Json:
    found = there.channels.get(args["channel"])
    if found is None:
        raise Refused("channel_not_found")
    told = {name: found[name] for name in ("id", "name", "is_archived", "is_private")}
    return {"channel": told | {"is_member": BOT in found["members"]}}


METHODS: dict[str, Callable[[Workspace, Json], Json]] = {
    "auth.test": lambda _, __: {"team_id": TEAM, "user_id": BOT, "team": "Test"},
    "chat.postMessage": _post,
    "chat.update": _update,
    "chat.delete": _delete,
    "chat.postEphemeral": _whisper,
    "views.open": _open_view,
    "users.info": _user,
    "conversations.info": _channel,
    "conversations.history": _history,
    "conversations.replies": _history,
    "reactions.add": _react,
}
