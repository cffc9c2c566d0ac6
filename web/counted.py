"""What all processes have counted, as Prometheus reads it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from redis.exceptions import RedisError

from core.counting import SUM, TALLY, Counter, Figure, Histogram, Key, Level

Values = Mapping[tuple[str, ...], dict[str, float]]
"""By labels: for each bucket's bound, and for "sum", what was counted; for a counter under the empty text."""


class Counted:
    """A collector for prometheus_client. While Redis is away it shows nothing, which is better than old figures."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        """Show these."""
        self.figures = tuple(figures)

    def describe(self) -> Iterator[Metric]:
        """Nothing needs to be read to register it."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client asks for it."""
        try:
            counts, levels = TALLY.read(), TALLY.read_levels()
        except RedisError:
            return
        by_name: dict[str, dict[tuple[str, ...], dict[str, float]]] = {}
        known = {figure.name: figure for figure in self.figures}
        for key, count in counts.items():
            if figure := known.get(key[0]):
                labels, part = _split(figure, key)
                by_name.setdefault(figure.name, {}).setdefault(labels, {})[part] = count
        for figure in self.figures:
            yield _family(figure, by_name.get(figure.name, {}), levels.get(figure.name, 0.0))


def _split(figure: Figure, key: Key) -> tuple[tuple[str, ...], str]:
    return (key[1:-1], key[-1]) if isinstance(figure, Histogram) else (key[1:], "")


def _family(figure: Figure, values: Values, level: float) -> Metric:
    match figure:
        case Level():
            return GaugeMetricFamily(figure.name, figure.words, value=level)
        case Counter():
            return _counter(figure, values)
        case Histogram():
            return _histogram(figure, values)


def _counter(figure: Counter, values: Values) -> Metric:
    family = CounterMetricFamily(figure.name, figure.words, labels=figure.labels)
    for labels, parts in sorted((values or ({} if figure.labels else {(): {}})).items()):
        if len(labels) == len(figure.labels):
            family.add_metric(labels, parts.get("", 0.0))
    return family


def _histogram(figure: Histogram, values: Values) -> Metric:
    family = HistogramMetricFamily(figure.name, figure.words, labels=figure.labels)
    bounds = [*(str(float(bound)) for bound in figure.buckets), "+Inf"]
    for labels, parts in sorted((values or ({} if figure.labels else {(): {}})).items()):
        if len(labels) == len(figure.labels):
            sums = accumulate(parts.get(bound, 0.0) for bound in bounds)
            family.add_metric(labels, list(zip(bounds, sums, strict=True)), parts.get(SUM, 0.0))
    return family
