"""The post of a night that went wrong: what is worse, and the way to its report. Pure."""

from collections.abc import Mapping
from typing import Any

from web.slack.words import escaped, fallback, literal, marked, short

LINES = 8
TITLE = "The nightly evaluation is worse"


def text(suite: str, verdict: Mapping[str, Any]) -> str:
    """What the notification says."""
    return fallback(f"{TITLE}: {suite}. {verdict.get('headline', '')}")


def shown(suite: str, verdict: Mapping[str, Any], report_url: str) -> list[dict[str, Any]]:
    """The whole post. Names of cases come from files of the owner's, so all of it is shown as it is."""
    why = [short(str(line), 300) for line in verdict.get("why", ())][:LINES]
    found: list[dict[str, Any]] = [
        {"type": "header", "text": literal(short(f"{TITLE}: {suite}", 150))},
        {
            "type": "section",
            "text": literal("\n".join([str(verdict.get("headline", "")), *(f"• {one}" for one in why)])),
        },
    ]
    if changes := [short(str(line), 120) for line in verdict.get("changes", ())][:LINES]:
        found.append({"type": "section", "text": literal("Changed since the night before: " + "; ".join(changes))})
    if report_url:
        found.append({"type": "section", "text": marked(f"<{escaped(report_url)}|Read the report>")})
    return found
