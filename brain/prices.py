"""What a call to a model costs, in millionths of a dollar: before it is made at the most, and after it exactly."""

import json
import math
import re

from brain.client import Ask, Usage
from brain.prompt import build_prompt
from core.settings import Settings

FREE = "extractive"  # the built-in brain
VERSION = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest)$")  # "gpt-x-2026-08-06" is priced as "gpt-x"
BYTES_PER_TOKEN = 3  # at the least, in the texts that we send; four in plain English


def cost_micro(settings: Settings, model: str, usage: Usage) -> int:
    """What `usage` of `model` costs, rounded up."""
    if model == FREE:
        return 0
    reading, writing = price(settings, model)
    return math.ceil(round(usage.input_tokens * reading + usage.output_tokens * writing, 3))


def most_micro(settings: Settings, model: str, ask: Ask) -> int:
    """What asking `model` can cost at the most: prompt, tools, and the longest answer allowed."""
    if model == FREE:
        return 0
    tools = sum(len(json.dumps([spec.name, spec.description, spec.parameters])) for spec in ask.tools)
    read = math.ceil((build_prompt(ask).bytes + tools) / BYTES_PER_TOKEN)
    return cost_micro(settings, model, Usage(read, settings.answer_tokens))


def price(settings: Settings, model: str) -> tuple[float, float]:
    """USD per million tokens in and out, which is millionths of a dollar per token. A dated name is its model's."""
    listed = settings.model_prices
    if model in listed:
        return listed[model]
    return listed.get(VERSION.sub("", model), settings.model_price_unknown)
