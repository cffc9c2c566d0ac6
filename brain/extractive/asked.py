"""What kind of thing a question asks for, and whether a text holds one: an amount, a time, a number, a place."""

import re
from dataclasses import dataclass
from functools import cache

WEEKDAY = r"mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|weekends?"
MONTH = r"january|february|march|april|may|june|july|august|september|october|november|december"
UNCOUNTED = r"air|fuel|gas|heat|light|load|petrol|rain|room|snow|space|time|water|weight|wind|wool"
UNIT = r"seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?"


def _form(*choices: str) -> re.Pattern[str]:
    return re.compile("|".join(choices), re.IGNORECASE)


MONEY = _form(
    r"[£€$¥]\s?\d",
    r"\d\s?(?:£|€|\$|GBP|EUR|USD|CHF|euros?|pounds?|dollars?|pence)\b",
    r"\bfree\b",
    r"\bno (?:extra )?charge\b",
)
OFF = _form(r"\d\s?%", MONEY.pattern)
COUNTED = r"(?:\d+|one|two|three|four|five|six|seven|ten|twelve|thirty)"
SPAN = _form(
    rf"\b{COUNTED}\s*(?:to|-|–|or)?\s*\d*\s*(?:full |working |business |calendar )*(?:{UNIT})\b",
    r"\blifetime\b",
)
CLOCK = _form(r"\b\d{1,2}[:.]\d{2}\b", r"\b\d{1,2}\s?(?:am|pm)\b", rf"\b(?:{WEEKDAY}|noon|midnight|closed)\b")
DATE = _form(rf"\b(?:{MONTH})\b", r"\b(?:19|20)\d\d\b")
MOMENT = _form(SPAN.pattern, CLOCK.pattern, DATE.pattern)
PLACE = _form(
    r"\b(?:street|road|row|lane|avenue|square|quay|yard|unit|floor|shops?|stores?|station|country|countries|kingdom)\b",
    r"\b(?:islands?|mainland|europe\w*|online|account|app|at the|on the|in the)\b",
    r"\b[A-Z]{1,2}\d{1,2}[A-Z]? ?\d[A-Z]{2}\b",
)
NUMBER = _form(r"\d", r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|none|no)\b")
EMAIL = _form(r"[\w.+-]+@[\w-]+\.[\w.-]+")
PHONE = _form(r"(?:\+|(?<!\d)0)\d[\d ()-]{6,}\d")
REACH = _form(EMAIL.pattern, PHONE.pattern)
DEGREES = _form(r"-?\d+\s?°\s?[CF]", r"\bminus \d+")
WEIGHT = _form(r"(?<![\w-])\d[\d.,]*\s?(?:kg|g|grams?|lbs?|oz|kilos?)\b")
LENGTH = _form(r"\d\s?(?:mm|cm|m|km|inch(?:es)?|litres?|l|ml)\b")
NAME = re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b")
EXACTING = frozenset({MONEY, PHONE, EMAIL, REACH, DEGREES, WEIGHT, NAME})  # a text without one does not answer
# ... but "Do you refund the charge?" is answered by yes or no.
YES_OR_NO = _form(
    r"(?:^|[.,;:?!]\W*|\b(?:and|but|so) )"
    r"(?:do|does|did|can|could|will|would|is|are|am|was|were|has|have|may|should|shall|must) "
    r"(?:i|you|u|we|they|it|he|she|there|this|that|these|those|an?|the|my|your|our|any|\w+s)\b",
)
OPEN = _form(r"\b(?:what|how|which|when|where|who|why)\b")

# The first that fits counts: its sign in a question, the form of its answer. To add one: write its form above, add it
# here.
KINDS = (
    (r"\bwho (?:is|was|are|were|designed|made|makes|founded|owns|runs|built|wrote|invented|started)\b", NAME),
    (r"\bhow (?:often|long|soon|quick\w*|fast)\b|\bdeadline\b", SPAN),
    (r"\b(?:phone|telephone)\b.{0,12}\bnumbers?\b", PHONE),
    (r"\b(?:call|ring|phone) (?:you|the shop|them)\b|\bnumber to call\b", PHONE),
    (r"\be-?mail address\b|\byour (?:e-?mail|mail)\b", EMAIL),
    (r"\bcontact (?:you|the|details)\b|\breach (?:you|the)\b", REACH),
    (r"\bhow (?:hot|cold|warm)\b|\btemperatures?\b|\bdegrees\b", DEGREES),
    (r"\bhow heavy\b|\bweigh\w*\b", WEIGHT),
    (r"\bhow (?:tall|wide|deep|high|big|large|thick)\b", LENGTH),
    (r"\b(?:dimensions?|measurements?)\b", LENGTH),
    (rf"\bhow many (?:{UNIT})\b", SPAN),
    (r"\bdiscounts?\b|\bper ?cent\b|%", OFF),
    (rf"\bhow much (?:{UNCOUNTED})\b", NUMBER),
    (r"\bhow (?:much|expensive|dear)\b|\bpostage\b", MONEY),
    (r"^\W*when (?:do|does|did|will|is|are)\b.{0,12}\bcharged?\b", MOMENT),
    (r"\b(?:cost|costs|price|prices|fee|fees|charge|charges|charged)\b", MONEY),
    (r"\bwhen\b.{0,40}\b(?:money|refund|arrive|get|expire|run out|ready|back)\b|\buntil when\b", SPAN),
    (rf"\b(?:open|opening|opens|close|closes|closing|hours|what time|{WEEKDAY})\b", CLOCK),
    (r"\bwhen\b|\bwhat (?:date|day)\b|\bwhich (?:year|date|day)\b", MOMENT),
    (r"\bwhere\b", PLACE),
    (r"\bhow many\b|\bnumber\b|\bminimum\b|\bmaximum\b|\b(?:smallest|largest|most|least)\b", NUMBER),
)

MEASURE = re.compile(r"(?<![\w.,])(\d{1,4}(?:\.\d+)?)(?![\w.,]*\d)")
RANGE = re.compile(r"(?<![\w.,])(\d{1,4}(?:\.\d+)?)\s*(?:cm|kg|g|mm|£|€)?\s*(?:-|–|to|and)\s*[£€]?(\d{1,4}(?:\.\d+)?)")


@dataclass(frozen=True)
class Asked:
    """The form an answer should have, and the numbers in the question."""

    form: re.Pattern[str] | None
    numbers: tuple[str, ...]
    exactly: bool = True  # no other form will do, where the form is one of those that can't be missed

    def met(self, text: str) -> bool:
        """True where `text` holds what is asked for; never where nothing of a certain form is."""
        return self.form is not None and bool(self.form.search(text))

    def missed(self, text: str) -> bool:
        """True where `text` lacks a form without which it is no answer."""
        return self.exactly and self.form in EXACTING and not self.met(text)

    def spanned(self, text: str) -> frozenset[str]:
        """The numbers of the question that lie in a range in `text` ("90 to 94"), as in a table of sizes."""
        ranges = [(float(low), float(high)) for low, high in RANGE.findall(text)]
        return frozenset(one for one in self.numbers if any(low <= float(one) <= high for low, high in ranges))


def asked_for(question: str) -> Asked:
    """What `question`, in plain spelling, asks for."""
    numbers = tuple(MEASURE.findall(question))
    for sign, form in _kinds():
        if sign.search(question):
            return Asked(form, numbers, exactly=bool(OPEN.search(question)) or not YES_OR_NO.search(question))
    return Asked(None, numbers)


@cache
def _kinds() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(sign, re.IGNORECASE), form) for sign, form in KINDS)
