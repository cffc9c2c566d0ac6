"""What may stand in Slack although nobody heard so, of a conversation that was deleted since: sought, taken away."""

from typing import Any

from web.outgoing.posting import Answer
from web.slack.api import Call, ChannelGone, SlackApi

LOOKED_AT = 100  # posts of each place, from the attempt on
OK = 200


def key_of(message: dict[str, Any]) -> str:
    """The key of the row that posted it; "" where another app did, or a person."""
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("key") or "")


def listing(channel: str, below: str, oldest: float) -> Call:
    """What was posted in a channel, or below a post of it, since `oldest` (seconds since 1970)."""
    args: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": LOOKED_AT}
    args["oldest"] = f"{oldest:.6f}"
    return Call("conversations.replies", args | {"ts": below}) if below else Call("conversations.history", args)


def take_back(api: SlackApi, body: dict[str, Any]) -> Answer:
    """Delete what was posted under `body`'s key, in whichever of its places it stands. Raises as `SlackApi.answer`."""
    for channel, below in body["places"]:
        try:
            found = api.answer(listing(channel, below, body["since"]))
        except ChannelGone:  # and all that stood in it
            continue
        if found.status != OK:
            return found
        for one in found.said.get("messages") or ():
            if key_of(one) == body["key"]:
                return api.answer(Call("chat.delete", {"channel": channel, "ts": one["ts"]}))
    return Answer(OK)
