"""How texts are made up for schemathesis, whose contract can't say all that a field asks for."""

from datetime import datetime

import schemathesis
from hypothesis import strategies as st

from orchestrator.guards import encoding

LONGEST = 4_000  # characters, as `web.schemas.spoken` tells
SENTENCE = "Größe 43 – passt das? "


def register() -> None:
    """Teach schemathesis our formats; addresses of e-mail it knows. Twice is once.

    A text of exactly the longest length is asked for, too. None drawn by chance has it, and to find that out takes a
    thousand draws: so those stand ready.
    """
    words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=300)
    drawn = words.filter(lambda text: text.strip() and encoding.check(text).passed)
    longest = st.sampled_from([_of_length(LONGEST + more) for more in (-1, 0, 1)])
    schemathesis.openapi.format("words", drawn | longest)
    schemathesis.openapi.format("iso-8601", st.datetimes().map(datetime.isoformat))


def _of_length(length: int) -> str:
    return (SENTENCE * length)[: length - 1] + "."
