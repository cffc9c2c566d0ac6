"""`python -m ops.fuzz [EXAMPLES]`: every door against its contract, and every naughty string through every field."""

import sys

import httpx2

from core.settings import get_settings
from ops.apart import apart
from ops.fuzz.house import house
from ops.fuzz.naughty import desk_doors, json_doors
from ops.fuzz.naughty.run import try_fields
from ops.fuzz.run import fuzz

EXAMPLES = 100  # of each door and phase


def main() -> int:
    """Run both, print what came of them; 1 where something is wrong."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    with apart("fuzz"), house(get_settings()) as running:
        found = fuzz(running, examples=examples)
        print("\n".join(found.as_lines()))
        with httpx2.Client(base_url=running.url, timeout=60) as client:
            fields = [*json_doors.fields(running, client), *desk_doors.fields(running, client, get_settings())]
            tried = try_fields(running, fields)
        print("\n".join(tried.as_lines()))
    return 1 if found.faults or tried.faults else 0


if __name__ == "__main__":
    sys.exit(main())
