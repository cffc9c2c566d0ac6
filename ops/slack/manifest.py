"""The app's manifest, with an address filled in."""

from pathlib import Path
from typing import Any

import yaml

from core.errors import BadRequest

FILE = Path(__file__).with_name("manifest.yaml")


def filled(url: str) -> str:
    """The manifest for a Handrail that Slack reaches at `url`. Raises BadRequest."""
    if not url.startswith("https://"):
        raise BadRequest("Slack calls over TLS only: give the address from outside, https://help.shop.example.")
    return FILE.read_text().replace("${URL}", url.rstrip("/"))


def parsed() -> dict[str, Any]:
    """The manifest as it is shipped."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def scopes() -> frozenset[str]:
    """What the app may do."""
    return frozenset(parsed()["oauth_config"]["scopes"]["bot"])
