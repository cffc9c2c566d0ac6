"""A verified answer in plain words and as JSON, for the command line and the desk."""

from collections.abc import Iterator
from typing import Any

from orchestrator.passages_now import PassageNow, Words
from orchestrator.verifying import Check, Verified

Json = dict[str, Any]

FORM = 1
STATES = {
    "same": "as it was",
    "moved": "as it was, at another place of its document",
    "changed": "changed since",
    "elsewhere": "not for this channel any more",
    "out": "answers no more",
    "gone": "deleted",
}
BY = {
    "mark": "cited",
    "nearby": "rests on what is cited beside it",
    "result": "rests on a tool's result",
    "courtesy": "claims nothing",
    "own": "the assistant's own words",
    "none": "rests on nothing that was found",
}


def headline(found: Verified) -> str:
    """What came of it, in one sentence."""
    if not found.intact:
        return "Not verified: this is not, or not all, as it was written when the answer was given."
    if found.same:
        return "Verified, and what the answer rests on is as it was."
    return "Verified, and something that it rests on has changed since."


def passage_says(found: PassageNow) -> str:
    """What has become of a passage."""
    if found.state == "out" and found.why:
        return f"answers no more ({found.why})"
    if found.state == "changed" and found.holds:
        return "changed since, but not in the words that the answer rests on"
    return STATES[found.state]


def words_say(words: Words) -> str:
    """What has become of words that a sentence rests on."""
    if words.stands:
        return "These words stand in it as they were."
    was = f"“{words.was}” is" if words.was else "The words that it rests on are"
    return f"{was} not in it any more. " + (f"It says now: “{words.now}”" if words.now else "It says nothing like it.")


def as_text(found: Verified) -> str:
    """The whole report, a fact a line."""
    return "\n".join(_lines(found))


def as_json(found: Verified) -> Json:
    """The record with its signature, and what was found of it today."""
    kept = found.kept
    return {
        "form": FORM,
        "verdict": "not verified" if not found.intact else "same" if found.same else "changed",
        "headline": headline(found),
        "checks": [_check(check) for check in (*found.checks, found.replayed)],
        "passages": [_passage(passage) for passage in found.passages],
        "since": list(found.since),
        "record": kept.record,
        "signature": kept.signature,
    }


def sentences(found: Verified) -> Iterator[tuple[str, str]]:
    """Each sentence of the answer, and what it rests on in words."""
    said = found.kept.message.content
    for one in found.kept.record["sentences"]:
        yield said[one["start"] : one["end"]], BY[one["by"]]


def _lines(found: Verified) -> Iterator[str]:
    kept = found.kept
    record = kept.record
    yield f"Answer {kept.message.id} of {kept.at:%Y-%m-%d %H:%M:%S %Z}, turn {kept.message.turn_id}"
    yield headline(found)
    yield from (f"  {_mark(check)} {check.says}" for check in (*found.checks, found.replayed))
    if not found.checks[0].good:
        return
    yield "Sentences"
    yield from (f"  “{said}” – {by}" for said, by in sentences(found))
    if found.passages:
        yield "Passages"
    for passage in found.passages:
        yield from _passage_lines(passage)
    called = ", ".join(f"{tool['tool']}{'' if tool['ok'] else ' (failed)'}" for tool in record["tools"])
    yield f"Made with {', '.join(record['models']) or 'no model'}; tools: {called or 'none'}"
    yield f"Guards: {_guards(record)}"
    yield from found.since


def _passage_lines(found: PassageNow) -> Iterator[str]:
    passage = found.passage
    where = " › ".join(filter(None, (passage["title"], passage["section"])))
    yield f"  [{passage['cited']}] {where}: {passage_says(found)}"
    if passage["url"]:
        yield f"      {passage['url']}"
    yield from (f"      {words_say(words)}" for words in found.words)


def _guards(record: Json) -> str:
    passed = record["guards"]["out"]
    objected = [name for names in record["guards"]["objected"] for name in names]
    said = f"{sum(passed.values())} of {len(passed)} passed it" if passed else "none was asked"
    return said + (f"; before that, {', '.join(objected)} objected to a draft" if objected else "")


def _mark(check: Check) -> str:
    return {True: "✓", False: "✗", None: "?"}[check.good]


def _check(check: Check) -> Json:
    return {"name": check.name, "good": check.good, "says": check.says}


def _passage(found: PassageNow) -> Json:
    words = [
        {"sentence": list(each.sentence), "was": each.was, "stands": each.stands, "now": each.now}
        for each in found.words
    ]
    told = {name: found.passage[name] for name in ("id", "cited", "doc_id", "title", "section", "url", "sha256")}
    return told | {"state": found.state, "holds": found.holds, "why": found.why, "words": words}
