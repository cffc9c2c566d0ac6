"""The demo's older lists of questions, read as golden cases: so they are asked and judged like all others."""

from pathlib import Path

from ops.evals import cases
from ops.evals.golden import Case, GoldenSet, GoldenUnreadable, load_set
from ops.evals.lines import read_lined

SUITES = Path(__file__).with_name("suites")
LIST = "questions"  # the suite that such a list makes


def load_any(path: Path) -> GoldenSet:
    """The golden set of that name or at `path`, or a list of questions as one.

    Raises GoldenUnreadable, or CasesUnreadable for a list that can't be used.
    """
    path = named if not path.exists() and (named := SUITES / path.name).is_dir() else path
    if path.is_dir() or not _is_list(path):
        return load_set(path)
    return from_questions(cases.load_cases(path))


def from_questions(questions: list[cases.Case]) -> GoldenSet:
    """A suite of these questions; a question's kind is its tag."""
    return GoldenSet(suite=LIST, cases=tuple(_case(one) for one in questions))


def _case(question: cases.Case) -> Case:
    return Case.model_validate(
        {
            "id": question.id,
            "tags": [question.kind.replace("_", "-")],
            "say": question.say,
            "expect": {
                "outcome": question.outcome,
                "sources": question.sources,
                "must": question.must,
                "must_not": question.must_not,
            },
        }
    )


def _is_list(path: Path) -> bool:
    try:
        return isinstance(read_lined(path).value, list)
    except ValueError as error:
        raise GoldenUnreadable(str(error)) from error
