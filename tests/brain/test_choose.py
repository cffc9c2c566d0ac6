"""Which brains the settings give."""

import pytest

from brain.choose import brains
from brain.claude import Claude
from brain.extractive import Extractive
from brain.openai_chat import OpenAIChat
from core.errors import SettingsRefused
from core.settings import Settings


def test_without_a_key_the_built_in_brain_thinks() -> None:
    (only,) = brains(Settings(brain="extractive"))
    assert isinstance(only, Extractive)


@pytest.mark.parametrize(("name", "kind"), [("openai", OpenAIChat), ("claude", Claude)])
def test_the_fallback_stands_behind_the_primary(name: str, kind: type) -> None:
    chain = brains(Settings.model_validate({"brain": name, "model": "big", "fallback_model": "small"}))
    assert [(type(one), one.name) for one in chain] == [(kind, "big"), (kind, "small")]


def test_the_built_in_brain_can_be_the_fallback() -> None:
    chain = brains(Settings(brain="openai", model="big", fallback_model="extractive"))
    assert [one.name for one in chain] == ["big", "extractive"]


def test_a_model_is_never_its_own_fallback() -> None:
    assert len(brains(Settings(brain="openai", model="big", fallback_model="big"))) == 1


def test_a_hosted_brain_without_a_model_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="HANDRAIL_MODEL"):
        brains(Settings(brain="openai"))
