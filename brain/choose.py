"""Which brains this process has: the first is asked first, the others when it fails."""

from brain.client import Brain
from brain.extractive import Extractive
from core.settings import Settings


def brains(settings: Settings) -> tuple[Brain, ...]:
    """The primary brain and its fallback, if one is set; `extractive` as fallback model is the built-in brain.

    The caller walks this chain: each attempt is an event of its turn, so a fallback must not hide inside a brain.
    What an attempt that failed has said through `on_text` is void. Raises SettingsRefused where no model is named.
    """
    return tuple(_brain(settings, model) for model in settings.models)


def _brain(settings: Settings, model: str) -> Brain:
    if model == "extractive":
        return Extractive()
    # Imported late: each vendor's SDK takes a second to load, and a process needs one of them at most.
    if settings.brain == "openai":
        from brain.openai_chat import OpenAIChat

        return OpenAIChat(settings, model)
    from brain.claude import Claude

    return Claude(settings, model)
