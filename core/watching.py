"""What every process does so that it can be watched: counts, and where they are wanted, spans and crash reports."""

from core import crashes, spans_out
from core.counting import Flusher
from core.settings import Settings


def start(settings: Settings, role: str) -> Flusher:
    """Begin, as `role` ("api", "chat", "index"); stop what is returned at the end. Raises SettingsRefused."""
    crashes.start(settings, role)
    spans_out.start(settings, role)
    flusher = Flusher()
    flusher.start()
    return flusher
