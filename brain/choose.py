"""Which brains this process has: the first is asked first, the others when it fails."""

from brain.claude import Claude
from brain.client import Brain
from brain.extractive import Extractive
from brain.openai_chat import OpenAIChat
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
    return OpenAIChat(settings, model) if settings.brain == "openai" else Claude(settings, model)
