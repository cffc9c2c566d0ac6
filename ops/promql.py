"""PromQL as far as our dashboards and alerts write it: read into names and labels, or refused with the place.

A small recursive reader of the language's grammar: operators with their vector matching, aggregations, calls, ranges,
offsets and subqueries. It knows which functions there are and what each of them takes, as Prometheus does when it loads
a rule. What no rule of ours needs (`@`, native histograms, string literals as expressions) is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""
    \s+ | \#[^\n]*
    | (?P<duration>(?=\d+[a-z])(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?(?<=[a-z])\b)
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w)|\b(?:Inf|NaN)\b)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_:]*)
    | (?P<sign>=~|!~|==|!=|>=|<=|[-+*/%^(){}\[\],=<>:])
    """,
    re.VERBOSE,
)
AGGREGATIONS = frozenset(
    {"sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values"}
)
WITH_PARAMETER = frozenset({"topk", "bottomk", "quantile", "count_values"})
INSTANT, RANGE, SCALAR, TEXT = "instant vector", "range vector", "scalar", "string"
OVER_TIME = ("avg", "min", "max", "sum", "count", "last", "stddev", "present")
# What each function takes; what it gives is an instant vector, but for those in GIVES.
TAKES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("rate", "irate", "increase", "delta", "idelta", "deriv", "resets", "changes"), (RANGE,)),
    **{f"{name}_over_time": (RANGE,) for name in OVER_TIME},
    "quantile_over_time": (SCALAR, RANGE),
    "predict_linear": (RANGE, SCALAR),
    "absent_over_time": (RANGE,),
    **dict.fromkeys(("abs", "ceil", "floor", "ln", "sort", "sort_desc", "absent", "timestamp"), (INSTANT,)),
    **dict.fromkeys(("clamp_min", "clamp_max"), (INSTANT, SCALAR)),
    "clamp": (INSTANT, SCALAR, SCALAR),
    "round": (INSTANT,),
    "histogram_quantile": (SCALAR, INSTANT),
    "label_replace": (INSTANT, TEXT, TEXT, TEXT, TEXT),
    "scalar": (INSTANT,),
    "vector": (SCALAR,),
    "time": (),
}
GIVES = {"scalar": SCALAR, "time": SCALAR}
BINDING = (("or",), ("and", "unless"), ("==", "!=", ">", "<", ">=", "<="), ("+", "-"), ("*", "/", "%"))
COMPARING, SETS = frozenset(BINDING[2]), frozenset({"or", "and", "unless"})


class NotPromql(ValueError):
    """The expression would be refused by Prometheus; the message says what, and where."""


@dataclass
class Used:
    """What an expression names: each series with the labels that are asked of it, and the labels it is grouped by."""

    series: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    grouped: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)  # labels that label_replace adds


@dataclass(frozen=True)
class Token:
    """One word, with the place of its first character."""

    kind: str
    text: str
    at: int


def read(expression: str) -> Used:
    """What `expression` names. Raises NotPromql."""
    reader = _Reader(expression)
    kind = reader.binary(0)
    reader.expect_end()
    if kind == RANGE:
        raise NotPromql("a range alone can't be shown or compared: put rate() or another function around it")
    return reader.used


def tokens(expression: str) -> Iterator[Token]:
    """The words of an expression. Raises NotPromql."""
    at = 0
    while at < len(expression):
        found = TOKEN.match(expression, at)
        if found is None or found.end() == at:
            raise NotPromql(f"character {at}: {expression[at : at + 12]!r} is no PromQL")
        if found.lastgroup:
            yield Token(found.lastgroup, found.group(), at)
        at = found.end()
    yield Token("end", "", at)


class _Reader:
    """Reads one expression; each method reads one rule of the grammar, and gives the type of its value."""

    def __init__(self, expression: str) -> None:
        self._tokens, self._at, self.used = list(tokens(expression)), 0, Used()

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _skip(self, text: str) -> bool:
        if self._next.text == text and self._next.kind in {"sign", "name"}:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._skip(text):
            raise self._wrong(f"{text!r} is missing")

    def _wrong(self, what: str, token: Token | None = None) -> NotPromql:
        found = token or self._next
        return NotPromql(f"character {found.at}: {what}, found {found.text or 'the end'!r}")

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._wrong("the expression should end")

    def binary(self, level: int) -> str:
        if level == len(BINDING):
            return self._unary()
        left = self.binary(level + 1)
        while self._next.text in BINDING[level] and self._next.kind in {"sign", "name"}:
            left = self._joined(left, self._take(), level)
        return left

    def _joined(self, left: str, operator: Token, level: int) -> str:
        compares = operator.text in COMPARING and self._skip("bool")
        self._matching()
        right = self.binary(level + 1)
        if RANGE in {left, right} or TEXT in {left, right}:
            raise NotPromql(f"character {operator.at}: {operator.text!r} takes no ranges and no strings")
        if operator.text in SETS and SCALAR in {left, right}:
            raise NotPromql(f"character {operator.at}: {operator.text!r} takes vectors, not numbers")
        if left == right == SCALAR:
            if operator.text in COMPARING and not compares:
                raise NotPromql(f"character {operator.at}: two numbers are compared with 'bool'")
            return SCALAR
        return INSTANT

    def _matching(self) -> None:
        if self._skip("on") or self._skip("ignoring"):
            self.used.grouped |= set(self._labels())
            if (self._skip("group_left") or self._skip("group_right")) and self._next.text == "(":
                self.used.grouped |= set(self._labels())

    def _unary(self) -> str:
        if self._skip("-") or self._skip("+"):
            kind = self._unary()
            if kind not in {SCALAR, INSTANT}:
                raise self._wrong(f"a sign before a {kind}")
            return kind
        kind = self._ranged()
        if self._skip("^"):
            self._unary()
        return kind

    def _ranged(self) -> str:
        kind = self._plain()
        if self._skip("["):
            if kind != INSTANT:
                raise self._wrong(f"a range of a {kind}")
            self._duration()
            if self._skip(":") and self._next.text != "]":
                self._duration()
            self._expect("]")
            kind = RANGE
        if self._skip("offset"):
            self._skip("-")
            self._duration()
        return kind

    def _duration(self) -> None:
        if (token := self._take()).kind != "duration":
            raise self._wrong("a duration like 5m is missing", token)

    def _plain(self) -> str:
        token = self._take()
        if token.kind == "number":
            return SCALAR
        if token.kind == "string":
            return TEXT
        if token.text == "(" and token.kind == "sign":
            kind = self.binary(0)
            self._expect(")")
            return kind
        if token.kind == "name":
            return self._named(token.text)
        raise self._wrong("an expression is missing", token)

    def _named(self, name: str) -> str:
        if name in AGGREGATIONS and self._next.text in {"(", "by", "without"}:
            return self._aggregation(name)
        if self._next.text == "(":
            return self._call(name)
        self._selector(name)
        return INSTANT

    def _aggregation(self, name: str) -> str:
        grouped = self._grouping()
        self._expect("(")
        if name in WITH_PARAMETER:
            self._argument(name, TEXT if name == "count_values" else SCALAR)
            self._expect(",")
        self._argument(name, INSTANT)
        self._expect(")")
        if not grouped:
            self._grouping()
        return INSTANT

    def _grouping(self) -> bool:
        if self._skip("by") or self._skip("without"):
            self.used.grouped |= set(self._labels())
            return True
        return False

    def _call(self, name: str) -> str:
        if name not in TAKES:
            raise NotPromql(f"character {self._next.at}: there is no function {name!r}")
        self._expect("(")
        first = self._at
        for n, wanted in enumerate(TAKES[name]):
            if n:
                self._expect(",")
            self._argument(name, wanted)
        self._expect(")")
        if name == "label_replace":
            self.used.made.add(next(one.text for one in self._tokens[first:] if one.kind == "string").strip("\"'"))
        return GIVES.get(name, INSTANT)

    def _argument(self, name: str, wanted: str) -> None:
        if (found := self.binary(0)) != wanted:
            raise self._wrong(f"{name}() takes a {wanted}, not a {found}; before")

    def _selector(self, name: str) -> None:
        labels: set[str] = set()
        if self._skip("{"):
            while not self._skip("}"):
                labels.add(self._matcher())
                if self._next.text != "}":
                    self._expect(",")
        self.used.series.append((name, frozenset(labels)))

    def _matcher(self) -> str:
        label, operator, value = self._take(), self._take(), self._take()
        if label.kind != "name" or operator.text not in {"=", "!=", "=~", "!~"} or value.kind != "string":
            raise self._wrong('a matcher like label="value" is missing', label)
        if operator.text in {"=~", "!~"}:
            try:
                re.compile(value.text[1:-1])
            except re.error as error:
                raise NotPromql(f"character {value.at}: {value.text} is no regular expression") from error
        return label.text

    def _labels(self) -> Iterator[str]:
        self._expect("(")
        while not self._skip(")"):
            label = self._take()
            if label.kind != "name":
                raise self._wrong("a label's name is missing", label)
            yield label.text
            if self._next.text != ")":
                self._expect(",")
