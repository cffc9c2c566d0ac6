"""What a host's robots.txt allows us."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from protego import Protego

from core.errors import SourceRefused
from kb.errors import SourceGone, TooLarge
from kb.sources.fetch import ROBOT, Limits, fetch

MOST_BYTES = 1024 * 1024
LONGEST_DELAY = 60.0  # seconds; a host that asks for more is given this


@dataclass(frozen=True)
class Rules:
    """One host's rules for us. `delay` is the seconds between two pages that it asks for, 0.0 where it does not."""

    parsed: Protego
    delay: float

    def allows(self, url: str) -> bool:
        """Whether `url` may be read."""
        return bool(self.parsed.can_fetch(url, ROBOT))


def rules_of(url: str, limits: Limits) -> Rules:
    """The rules of the host of `url`. A host without robots.txt allows everything; one that is broken, nothing yet.

    Raises SourceUnavailable where it can't be known now, and SourceRefused where it is too large to be meant.
    """
    parts = urlsplit(url)
    try:
        page = fetch(
            f"{parts.scheme}://{parts.netloc}/robots.txt", replace(limits, most_bytes=MOST_BYTES), to_index=False
        )
        text = page.data.decode("utf-8-sig", errors="replace")
    except (SourceGone, SourceRefused):
        text = ""
    except TooLarge as error:
        raise SourceRefused(
            "The site's robots.txt is larger than 1 MB: nothing is read before it is shorter."
        ) from error
    parsed = Protego.parse(text)
    return Rules(parsed, min(parsed.crawl_delay(ROBOT) or 0.0, LONGEST_DELAY))
