"""Charts as inline SVG: no script, no style attribute, colours by class, and words for those who don't see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDE, HIGH = 640, 190  # of a trend, in its own units
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 26
MARGIN = 0.08  # of the values' spread, above and below
STEPS = 4
LABELS = 8  # dates below a trend, at most
BAR, SHADES = 320, 6

PICTURE = Markup('<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>')
GRID = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
LABEL = Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
NIGHT = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>')
ALARM = Markup('<path class="alarm" d="M{:.1f} {:.1f}l6 11h-12z"><title>{}: alarm</title></path>')
PHASE = Markup('<rect class="shade{}" x="{:.1f}" y="2" width="{:.1f}" height="14"><title>{}: {:.0f} ms</title></rect>')


@dataclass(frozen=True)
class Point:
    """One night of one figure. `label`: its day; `marked`: there was an alarm."""

    label: str
    value: float
    low: float
    high: float
    marked: bool = False


def trend(name: str, points: Sequence[Point], said: Callable[[float], str]) -> Markup:
    """A line over nights with its interval as a band; `said` writes a value as people read it."""
    least, most = _span([each for one in points for each in (one.low, one.high)])
    xs = [LEFT + (WIDE - LEFT - RIGHT) * (at + 0.5) / len(points) for at in range(len(points))]

    def y(value: float) -> float:
        return TOP + (HIGH - TOP - BOTTOM) * (1 - (value - least) / (most - least))

    parts = [_grid(least, most, said)]
    upper = [f"{x:.1f},{y(one.high):.1f}" for x, one in zip(xs, points, strict=True)]
    lower = [f"{x:.1f},{y(one.low):.1f}" for x, one in zip(xs, points, strict=True)]
    parts.append(Markup('<polygon class="band" points="{}"/>').format(" ".join(upper + lower[::-1])))
    line = " ".join(f"{x:.1f},{y(one.value):.1f}" for x, one in zip(xs, points, strict=True))
    parts.append(Markup('<polyline class="line" points="{}"/>').format(line))
    every = max(1, -(-len(points) // LABELS))
    for at, (x, one) in enumerate(zip(xs, points, strict=True)):
        parts.append(_dot(x, y(one.value), f"{one.label}: {said(one.value)}", marked=one.marked))
        if (len(points) - 1 - at) % every == 0:
            parts.append(LABEL.format(x, HIGH - 8, "middle", one.label))
    words = f"{name} over {len(points)} nights, last {said(points[-1].value)}"
    return _svg(WIDE, HIGH, words, parts, "trend")


def spark(name: str, values: Sequence[float]) -> Markup:
    """A figure over nights in the height of a line."""
    least, most = _span(values)
    step = 86 / max(1, len(values) - 1)
    places = [(3 + step * at, 21 - 18 * (one - least) / (most - least)) for at, one in enumerate(values)]
    line = Markup('<polyline class="line" points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in places))
    last = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2.5"/>').format(*places[-1])
    return _svg(92, 24, f"{name} over the last {len(values)} nights", [line, last], "spark")


def whisker(name: str, value: float, low: float, high: float, usual: float | None = None) -> Markup:
    """A value between 0 and 1 with its interval, and what is usual as an upright line."""

    def x(each: float) -> float:
        return 4 + 132 * min(1.0, max(0.0, each))

    parts = [
        Markup('<line class="axis" x1="4" x2="136" y1="12" y2="12"/>'),
        Markup('<line class="reach" x1="{:.1f}" x2="{:.1f}" y1="12" y2="12"/>').format(x(low), x(high)),
        Markup('<circle class="dot" cx="{:.1f}" cy="12" r="4"/>').format(x(value)),
    ]
    if usual is not None:
        parts.append(Markup('<line class="usual" x1="{0:.1f}" x2="{0:.1f}" y1="3" y2="21"/>').format(x(usual)))
    return _svg(140, 24, f"{name}: {value:.3f}, 95 % interval {low:.3f} to {high:.3f}", parts, "whisker")


def phases(seconds: Mapping[str, float]) -> Markup:
    """One turn's seconds by phase, side by side in one bar; the words beside it say how many."""
    whole, at, parts = sum(seconds.values()) or 1.0, 0.0, []
    for n, (name, value) in enumerate(seconds.items()):
        width = BAR * value / whole
        parts.append(PHASE.format(n % SHADES, at, max(0.5, width), name, 1000 * value))
        at += width
    said = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in seconds.items())
    return _svg(BAR, 18, f"Phases of the turn: {said}", parts, "phases")


def strip(marks: Sequence[float | None]) -> Markup:
    """How a case went, night for night: full where it passed, crossed where it failed, a dot where it was not asked."""
    parts = []
    for at, mark in enumerate(marks):
        x = 2 + at * 14
        if mark is None:
            parts.append(Markup('<circle class="missing" cx="{}" cy="8" r="1.5"/>').format(x + 5))
        elif mark >= 1.0:
            parts.append(Markup('<rect class="good" x="{}" y="3" width="10" height="10" rx="2"/>').format(x))
        else:
            parts.append(Markup('<rect class="poor" x="{}" y="3" width="10" height="10" rx="2"/>').format(x))
            parts.append(Markup('<path class="cross" d="M{} 5.5l5 5m0-5l-5 5"/>').format(x + 2.5))
    asked = [mark for mark in marks if mark is not None]
    words = f"Passed in {sum(mark >= 1.0 for mark in asked)} of {len(asked)} nights, the last one on the right"
    return _svg(4 + 14 * len(marks), 16, words, parts, "strip")


def _grid(least: float, most: float, said: Callable[[float], str]) -> Markup:
    lines = []
    for at in range(STEPS + 1):
        value, y = least + (most - least) * at / STEPS, TOP + (HIGH - TOP - BOTTOM) * (1 - at / STEPS)
        lines.append(GRID.format(LEFT, WIDE - RIGHT, y, y) + LABEL.format(LEFT - 6, y + 4, "end", said(value)))
    return Markup("").join(lines)


def _dot(x: float, y: float, title: str, *, marked: bool) -> Markup:
    if marked:  # another shape, not only another colour
        return ALARM.format(x, y - 7, title)
    return NIGHT.format(x, y, title)


def _span(values: Sequence[float]) -> tuple[float, float]:
    least, most = min(values), max(values)
    room = (most - least) * MARGIN or max(abs(most), 1.0) * 0.02
    return least - room, most + room


def _svg(wide: int, high: int, words: str, parts: Sequence[Markup], kind: str) -> Markup:
    return PICTURE.format(kind, wide, high, wide, high, words, Markup("").join(parts))
