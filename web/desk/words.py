"""How times and states read on the desk."""

from datetime import UTC, datetime

MINUTE, HOUR, DAY = 60, 3600, 86400

# What a page says after a form was sent, by the word in its address: no address can have it say anything else.
DONE = {
    "claimed": "The conversation is yours. The assistant is silent until you return it.",
    "sent": "Sent to the visitor.",
    "noted": "Your note is kept. No visitor sees it.",
    "returned": "The assistant answers again.",
    "resolved": "Resolved.",
    "approved": "The draft was sent.",
    "refused": "The draft was not sent; the conversation waits for a person.",
    "case": "The judge asks this again each night.",
    "erased": "It is erased. This is the receipt.",
    "accepted": "These figures are now the usual: nights to come are held against that one.",
    "saved": "Saved.",
    "password": "Your password is changed, and all your other browsers are logged out.",
    "welcome": "You are logged in.",
    "logged-out": "You are logged out.",
    "queued": "It will be read: this page shows how it fares.",
    "disabled": "The account is closed, and logged out everywhere.",
    "enabled": "The account is open again.",
}

THREAD_STATES = {"bot": "Assistant", "waiting": "Waiting", "person": "With a person", "closed": "Closed"}
HANDOFF_STATES = {
    "waiting": "Waiting",
    "overdue": "Overdue",
    "claimed": "Claimed",
    "returned": "Returned",
    "resolved": "Resolved",
}
ROLES = {"visitor": "Visitor", "agent": "Assistant", "staff": "Staff", "system": "To the visitor"}
# Of an answer's evidence record: how its tag looks, and what it says.
EVIDENCE = {
    "verified": ("ok", "Verified"),
    "changed": ("", "Verified; its sources have changed since"),
    "broken": ("bad", "Not verified"),
}
PRIORITIES = ("urgent", "high", "normal", "low")


def ago(then: datetime | None, now: datetime | None = None) -> str:
    """How long something has lasted: "4 min"."""
    if then is None:
        return "never"
    return _length((now or datetime.now(UTC)).timestamp() - then.timestamp())


def until(then: datetime | None, now: datetime | None = None) -> str:
    """How much time is left, or by how much it is over: "due in 12 min", "overdue by 12 min"."""
    if then is None:
        return "no limit"
    left = then.timestamp() - (now or datetime.now(UTC)).timestamp()
    return f"due in {_length(left)}" if left >= 0 else f"overdue by {_length(-left)}"


def moment(then: datetime | None) -> str:
    """A moment, in UTC; a browser shows its own time instead."""
    return then.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if then else ""


def size(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / 1024 / 1024:.0f} MB" if count >= 1024 * 1024 else f"{count / 1024:.0f} kB"


def _length(seconds: float) -> str:
    if seconds < MINUTE:
        return "less than 1 min"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)} h {int(seconds % HOUR // MINUTE):02} min"
    return f"{seconds / DAY:.0f} days"
