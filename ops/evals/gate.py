"""The gate's trial: the questions that a changed document touches are asked of the old text and of the new."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import Conflict
from core.log import get_logger
from core.models import Chunk, Document, StagedDocument
from core.settings import Settings
from kb.documents import staging
from kb.documents.staging import NothingStaged
from kb.index.staged import is_staged
from kb.search.hybrid import search
from kb.search.view import View, looking_through
from ops.evals.golden import Case
from ops.evals.nightly import golden_sets
from ops.evals.run_form import Result
from ops.evals.visit import Stage, play
from orchestrator.asked_before import Asked, asked_of
from orchestrator.claims.weighing import Passage, fault
from orchestrator.grounds import SHOWN_MARK, whole_sentences
from orchestrator.world import World

log = get_logger(__name__)

MOST_CASES = 60  # golden ones that touch the document; and of those that visitors asked, `asked_before.MOST`
NEAR = 3  # best passages: a case is touched where one of the document's is among them
BROKE = "The trial broke, so nobody knows which answers would change: the log has the cause."
HOLDS = "the questions that it touches hold"
GOOD = frozenset({"same", "reworded", "better", "no worse"})

Json = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A changed document, read once: what it would say, and how a search sees it."""

    document_id: UUID
    site_id: str
    name: str  # as golden sets call it
    content_hash: str
    view: View
    old: tuple[Passage, ...]
    new: tuple[Passage, ...]


def try_next(settings: Settings, world: World | None = None) -> UUID | None:
    """Try the change that waits longest, and let it live or keep it for a person. None where nothing waits."""
    with transaction() as session:
        document_id = staging.claim(session)
    if document_id is None:
        return None
    try:
        _try(document_id, settings, world)
    except (NothingStaged, Conflict) as overtaken:
        log.info("trial_overtaken", document=str(document_id), cause=overtaken.detail)
    except Exception:  # whatever it is, somebody must hear that this change waits
        log.exception("trial_broke", document=str(document_id))
        _give_up(document_id)
    return document_id


def _give_up(document_id: UUID) -> None:
    with transaction() as session, suppress(NothingStaged):
        staged = staging.find(session, document_id)
        staging.hold(session, document_id, staged.content_hash, {"questions": [], "fault": BROKE})


def _try(document_id: UUID, settings: Settings, world: World | None) -> None:
    with transaction() as session:
        trial = _trial(session, staging.find(session, document_id))
        asked = asked_of(session, document_id)
    touched = _touched(trial, [case for golden in _sets(settings, trial.site_id) for case in golden])
    stage = Stage(trial.site_id, world)
    found = [
        *(_judged_case(stage, trial, case) for case in touched),
        *(_judged_asked(stage, trial, one) for one in asked),
    ]
    with transaction() as session:
        if all(one["verdict"] in GOOD for one in found):
            staging.let_live(session, document_id, f"{HOLDS} ({len(found)})", trial.content_hash)
        else:
            staging.hold(session, document_id, trial.content_hash, {"questions": found})
    log.info("change_tried", site=trial.site_id, document=str(document_id), questions=len(found))


def _trial(session: Session, staged: StagedDocument) -> Trial:
    document = session.get_one(Document, staged.document_id)
    draft = staged.draft or {}
    live = select(Chunk.section, Chunk.text).where(Chunk.document_id == document.id, ~is_staged())
    language = draft["language"] or "en"
    return Trial(
        staged.document_id,
        staged.site_id,
        PurePosixPath(document.locator.split("?")[0]).name,
        staged.content_hash,
        staging.view_of(staged),
        tuple(Passage(row.text, f"{document.title}\n{row.section}", language) for row in session.execute(live)),
        tuple(Passage(one.text, f"{draft['title']}\n{one.section}", language) for one in staging.passages_of(staged)),
    )


def _sets(settings: Settings, site_id: str) -> Iterator[Sequence[Case]]:
    sets, _ = golden_sets(settings)
    yield from (golden.cases for golden in sets if golden.site == site_id)


def _touched(trial: Trial, cases: Sequence[Case]) -> list[Case]:
    """Those that name the document, and those of whose search its old or its new text is among the best."""
    named = [case for case in cases if trial.name in {*case.expect.relevant, *case.expect.sources_not}]
    others = [case for case in cases if case not in named and _is_near(trial, case)]
    return [*named, *others][:MOST_CASES]


def _is_near(trial: Trial, case: Case) -> bool:
    words = case.say[-1].words
    if _finds(trial, case.channel, words):
        return True
    with looking_through(trial.view):
        return _finds(trial, case.channel, words)


def _finds(trial: Trial, channel: str, words: str) -> bool:
    with transaction() as session:
        found = search(session, site_id=trial.site_id, channel=channel, query=words[:500], top_k=NEAR)
    return any(one.doc_id == str(trial.document_id) for one in found.snippets)


def _both(stage: Stage, trial: Trial, case: Case) -> tuple[Result, Result]:
    before = play(stage, case)
    with looking_through(trial.view):
        return before, play(stage, case)


def _judged_case(stage: Stage, trial: Trial, case: Case) -> Json:
    """A golden case holds as long as it is not failed by the new text alone."""
    before, after = _both(stage, trial, case)
    if after.passed:
        verdict = "better" if not before.passed else "same" if before.reply == after.reply else "reworded"
        return _told(verdict, "", before, after) | {"case": case.id}
    verdict = "fails" if before.passed else "no worse"
    return _told(verdict, "; ".join(after.faults), before, after) | {"case": case.id}


def _judged_asked(stage: Stage, trial: Trial, asked: Asked) -> Json:
    """What a visitor asked holds while it is answered still, and what they were told is true by the new text."""
    case = Case.model_validate({"id": "asked", "channel": asked.channel, "say": asked.say, "expect": {}})
    before, after = _both(stage, trial, case)
    verdict, why = _compared(trial, asked, before, after)
    return _told(verdict, why, before, after) | {"message": str(asked.message_id)}


def _compared(trial: Trial, asked: Asked, before: Result, after: Result) -> tuple[str, str]:
    if after.outcome == "failed" or before.outcome == "answered" != after.outcome:
        return "lost", f"it ends as {after.outcome.replace('_', ' ')}, and as {before.outcome} by what is live"
    for said in asked.told:
        if not fault(said, trial.old) and (found := fault(said, trial.new)):
            return "untrue", f"visitors were told “{said}”, but {found}"
    return ("same" if before.reply == after.reply else "reworded"), ""


def _told(verdict: str, why: str, before: Result, after: Result) -> Json:
    """Of the answers only what cites a document: nothing of it is a visitor's."""
    both = {"old": _cited(before.reply), "new": _cited(after.reply)}
    return {"verdict": verdict, "why": why, "outcomes": [before.outcome, after.outcome]} | both


def _cited(reply: str) -> str:
    return " ".join(each.text for each in whole_sentences(reply) if SHOWN_MARK.search(each.text))
