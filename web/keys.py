"""API keys of sites: what is stored of them, and whether one fits."""

import hashlib
import hmac

from core.errors import ApiKeyInvalid
from core.models import Site
from core.settings import Settings

DEMO_KEY = "demo-key"


def hash_key(key: str) -> str:
    """What is stored of an API key: SHA-256 in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def check_key(settings: Settings, site: Site, key: str) -> None:
    """Raises ApiKeyInvalid unless `key` is the site's; takes the same time however much of it is right."""
    fits = hmac.compare_digest(hash_key(key), site.api_key_hash)
    if not fits or (key == DEMO_KEY and settings.profile != "demo"):
        raise ApiKeyInvalid
