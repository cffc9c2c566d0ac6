"""Golden sets: what may stand in one, and that whatever is wrong is told with its line."""

from pathlib import Path

import pytest

from ops.evals.golden import Case, GoldenUnreadable, load_set, read_case, stored

GOOD = """\
suite: demo
site: demo
tags: [shop]
cases:
  - id: returns
    tags: [en]
    say: ["How long may I keep it?"]
    expect: {outcome: answered, sources: returns.md, must: [60 days, [refund, money back]]}
"""


def written(folder: Path, text: str, name: str = "set.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_is_read_with_what_its_short_forms_mean(tmp_path: Path) -> None:
    found = load_set(written(tmp_path, GOOD))
    case = found.cases[0]
    assert (found.suite, found.site, case.tags) == ("demo", "demo", ("shop", "en"))
    assert case.say[0].words == "How long may I keep it?"
    assert case.expect.outcome == ("answered",)
    assert case.expect.relevant == ("returns.md",)
    assert case.expect.must == (("60 days",), ("refund", "money back"))
    assert case.expect.abstains is False


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"suite: caf\xe9\n")
    with pytest.raises(GoldenUnreadable, match="UTF-8"):
        load_set(path)
    with pytest.raises(GoldenUnreadable, match=r"none\.yaml can't be read: No such file or directory\.$"):
        load_set(tmp_path / "none.yaml")


def test_no_case_may_end_as_failed_unless_it_says_so(tmp_path: Path) -> None:
    found = load_set(written(tmp_path, GOOD.replace("outcome: answered, ", "")))
    assert "failed" not in found.cases[0].expect.outcome
    assert found.cases[0].expect.abstains is None


def test_a_case_survives_being_stored() -> None:
    case = read_case(
        {
            "id": "a",
            "identity": {"signed_in": "a@example.com"},
            "say": ["one", {"words": "two", "expect": {"must": ["x"]}}],
            "expect": {
                "tools": [{"name": "get_order", "arguments": {"order_id": "1"}, "ok": True}],
                "state": {"status": "bot", "tickets": []},
                "guards": {"trips": ["injection"], "quiet": ["claims"]},
            },
        }
    )
    assert read_case(stored(case)) == case
    assert "channel" not in stored(case)


WRONG = {
    "an unknown field": ("must: [60", "musst: [60", 8, "musst"),
    "an unknown outcome": ("outcome: answered", "outcome: fine", 8, "outcome"),
    "nothing is said": ('["How long may I keep it?"]', "[]", 7, "at least 1"),
    "a word that YAML reads as no": (
        '["How long may I keep it?"]',
        "[no]",
        7,
        "put it in quotes: YAML reads it as False",
    ),
    "a number": ("[60 days,", "[60,", 8, "put it in quotes"),
    "an id with a space": ("id: returns", "id: re turns", 5, "id"),
    "a lone tool": ("must:", "tools_not: get_order, must:", 8, "should be a list"),
    "an unknown tool": ("must:", "tools_not: [get_money], must:", 8, "there is no tool get_money"),
    "an unknown guard": ("must:", "guards: {trips: [moat]}, must:", 8, "there is no guard moat"),
    "both": ("must:", "guards: {trips: [pii], quiet: all}, must:", 8, "can't both object and be quiet"),
    "a key that stands twice": ("tags: [en]", "id: again", 6, "stands twice"),
    "half a list": ("tags: [en]", "tags: [en", 7, "expected"),
    "no expectation": ("    expect:", "    expected:", 8, "expected"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    before, after, line, told = WRONG[name]
    assert before in GOOD
    path = written(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(GoldenUnreadable) as caught:
        load_set(path)
    assert f"set.yaml:{line}:" in caught.value.detail
    assert told in caught.value.detail


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("tags: [en]", "tagz: [en]").replace("sources", "source"))
    with pytest.raises(GoldenUnreadable) as caught:
        load_set(path)
    assert [":6:" in caught.value.detail, ":8:" in caught.value.detail] == [True, True]


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list", "suite: demo\ncases: []", "a: &a [*a]", "\x00"])
def test_a_file_that_is_no_set_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(GoldenUnreadable):
        load_set(written(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("none.yaml", "bytes.yaml"):
        with pytest.raises(GoldenUnreadable, match=name):
            load_set(tmp_path / name)


def test_a_folder_is_one_suite_and_each_id_stands_once(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "a.yaml")
    written(tmp_path, GOOD.replace("id: returns", "id: other"), "b.yaml")
    assert [case.id for case in load_set(tmp_path).cases] == ["returns", "other"]
    twice = written(tmp_path, GOOD, "c.yaml")
    with pytest.raises(GoldenUnreadable, match="stands in"):
        load_set(tmp_path)
    twice.write_text(GOOD.replace("suite: demo", "suite: else"), encoding="utf-8")
    with pytest.raises(GoldenUnreadable, match="one suite"):
        load_set(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldenUnreadable, match="holds no"):
        load_set(tmp_path)


def test_a_case_from_elsewhere_that_is_none_is_refused() -> None:
    with pytest.raises(GoldenUnreadable, match="say"):
        read_case({"id": "a", "expect": {}})
    assert read_case({"id": "a", "say": ["hi"], "expect": {}}) == Case.model_validate(
        {"id": "a", "say": [{"words": "hi"}], "expect": {}}
    )
