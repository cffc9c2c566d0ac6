"""`python -m ops.bench.brain [ROUNDS]`: what a call to a hosted model costs this process, apart from the waiting.

The same prompt goes to the same fake model through our client and through the vendor's SDK as its manual shows it.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import openai

from brain.client import Ask, Said, ToolCall, ToolOutcome, ToolSpec
from brain.openai_chat import OpenAIChat, messages, tool
from brain.prompt import build_prompt
from core.settings import Settings
from ops.bench.processes import free_port, wait_for_port
from tools.catalog import TOOLS

CALLS = 50  # in a round
TALK = ("How long do I have to return a jacket, please?", "You have sixty days for this [c1].") * 5
SPECS = tuple(ToolSpec(tool.name, tool.description, tool.parameters()) for tool in TOOLS)
FOUND = ToolOutcome(
    ToolCall("call_1", "search_kb", '{"query": "returns"}'), '{"id": "c1", "text": "' + "word " * 600 + '"}'
)


def main(rounds: int) -> None:
    """Measure and print: milliseconds of processor time for each call, the median of `rounds`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    server = subprocess.Popen([sys.executable, "-m", "ops.bench.fake_model", str(port), "0"])  # noqa: S603 - our own
    try:
        wait_for_port(port)
        brain = OpenAIChat(Settings(openai_base_url=url), "fake")
        sdk = openai.OpenAI(api_key="none", base_url=url, max_retries=0)
        for step, ask in {"a call": _ask(), "60 words": _ask(FOUND)}.items():
            ours, theirs = _compare(partial(brain.think, ask, unheard), partial(_plain, sdk, ask), rounds)
            print(f"{step:8}  ours {ours:5.2f} ms  SDK {theirs:5.2f} ms  ratio {ours / theirs:.2f}")
    finally:
        server.terminate()


def unheard(_: str) -> None:
    """Nobody listens."""


def _ask(*outcomes: ToolOutcome) -> Ask:
    memory = tuple(Said("agent" if at % 2 else "visitor", text) for at, text in enumerate((*TALK, "And boots?")))
    return Ask("draft" if outcomes else "plan", "Shop", memory, tools=SPECS, outcomes=outcomes)


def _plain(sdk: openai.OpenAI, ask: Ask) -> str:
    create: Any = sdk.chat.completions.create  # its overloads want every part typed by name
    tools = [tool(spec) for spec in ask.tools]
    stream = create(model="fake", messages=messages(build_prompt(ask)), tools=tools, stream=True, temperature=0.2)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def _compare(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Turn and turn about, so that a noisy moment hits both; the first round warms up."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for call, times in zip((ours, theirs), spent, strict=True):
            begun = time.process_time()
            for _ in range(CALLS):
                call()
            times.append((time.process_time() - begun) / CALLS * 1000)
    return median(spent[0][1:]), median(spent[1][1:])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
