"""Numbers and moments as people read them."""

from datetime import UTC, datetime

WHOLE = 100
TIMES = ("second", "_p50", "_p95")  # quantiles are of times


def amount(name: str, value: float) -> str:
    """`value` of the measure `name`, with its unit."""
    if _is(name, "usd", "cost"):
        return f"${value:.4f}" if abs(value) < 1 else f"${value:.2f}"
    if _is(name, *TIMES):
        return f"{1000 * value:.0f} ms" if abs(value) < 1 else f"{value:.2f} s"
    if _is(name, "token") or abs(value) > 1:
        return f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:.3g}"
    if _is(name, "ndcg", "mrr"):
        return f"{value:.3f}"
    return f"{100 * value:.1f} %"


def change(name: str, value: float) -> str:
    """By how much it moved, with its sign."""
    if value == 0:
        return "±0"
    words = amount(name, abs(value))
    points = words.removesuffix(" %") + " points" if words.endswith(" %") else words
    return ("+" if value > 0 else "−") + points


def chance(p: float) -> str:
    """A p value, no finer than it is known."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"  # noqa: PLR2004 - as journals print it


def share_like(name: str, value: float) -> bool:
    """Whether it is a number between 0 and 1 that a scale from 0 to 1 shows."""
    return 0 <= value <= 1 and not _is(name, "usd", "cost", "token", *TIMES)


def moment(at: datetime) -> str:
    """Day and minute, UTC."""
    return at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")


def day(at: datetime) -> str:
    """The day alone."""
    return at.astimezone(UTC).strftime("%d %b")


def duration(seconds: float) -> str:
    """How long something took."""
    return f"{seconds:.0f} s" if seconds < 2 * 60 else f"{seconds / 60:.0f} min"


def spoken(name: str) -> str:
    """A measure's name in words."""
    return name.replace("_", " ")


def _is(name: str, *marks: str) -> bool:
    return any(name.endswith(mark) if mark.startswith("_") else mark in name.lower() for mark in marks)
