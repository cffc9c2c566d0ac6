"""What a question to a model costs."""

from brain.client import Ask, Usage
from core.settings import Settings


def cost_micro(settings: Settings, model: str, usage: Usage) -> int:
    """Millionths of a dollar."""
    a, b = getattr(settings, "model_prices", {}).get(model, (5, 25))
    return 0 if model == "extractive" else int(usage.input_tokens * a + usage.output_tokens * b)


def most_micro(settings: Settings, model: str, ask: Ask) -> int:
    """At most."""
    return 0 if model == "extractive" else 20_000
