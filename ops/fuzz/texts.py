"""How texts and ids are made up for schemathesis, whose contract can't say all that a field asks for."""

from datetime import datetime

import schemathesis
from hypothesis import strategies as st

from orchestrator.guards import encoding
from tools.address import well_formed


def register() -> None:
    """Teach schemathesis our formats. Twice is once."""
    words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=300)
    schemathesis.openapi.format("words", words.filter(lambda text: text.strip() and encoding.check(text).passed))
    schemathesis.openapi.format("email", st.emails().filter(well_formed))
    schemathesis.openapi.format("iso-8601", st.datetimes().map(datetime.isoformat))
