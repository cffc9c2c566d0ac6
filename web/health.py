"""`/healthz`: this process runs. `/readyz`: everything that an answer needs is there. `/metrics`: Prometheus."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import bus
from core.db import transaction
from core.queue import QUEUES
from core.sealing.known import trouble
from core.settings import get_settings
from kb.documents.freshness import Freshness, all_freshness
from kb.embeddings.site_models import SiteModels, all_models
from web import metrics
from web.beats import alive_queues
from web.resting import degraded
from web.schemas import Knowledge, Problem, Readiness
from web.slack.setting import faults

OK = "ok"
SITES_SHOWN = 50  # the worst first
COMMANDS = {"chat": "chat", "house": "chat", "index": "index"}  # the worker that serves each queue
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["operation"], responses={503: {"model": Problem, "description": "Unavailable"}})


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """This process answers."""
    return {"status": OK}


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
def readyz() -> JSONResponse:
    """Whether questions will be answered, and which part is away if not."""
    found = readiness()
    status = HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(found.model_dump(), status, headers={"Cache-Control": "no-store"})


@router.get("/metrics", response_class=Response)
def read_metrics() -> Response:
    """Prometheus' text format."""
    with transaction() as session:
        return Response(metrics.collect(session), media_type=METRICS_TYPE)


def readiness() -> Readiness:
    """Look at each part."""
    parts = {"redis": _redis()}
    found: dict[str, Freshness] = {}
    models: dict[str, SiteModels] = {}
    rests = degraded(get_settings())
    try:
        with transaction() as session:
            parts.update(_in_database(session))
            parts["keys"] = " ".join(trouble(session)) or OK
            found, models = all_freshness(session), all_models(session)
            parts["index"] = _index(found)
            rests |= faults(session)
    except SQLAlchemyError:
        parts["database"] = "It can't be reached: check DATABASE_URL and that PostgreSQL runs."
    ready = all(state == OK for state in parts.values())
    worst = sorted(found, key=lambda site: (found[site].kind == OK, not found[site].failed, site))[:SITES_SHOWN]
    known = {site: _knowledge(found[site], models[site]) for site in worst}
    return Readiness(ready=ready, parts=parts, degraded=rests, knowledge=known)


def _redis() -> str:
    try:
        bus.client().ping()
    except (RedisError, OSError):
        return "It can't be reached: check REDIS_URL and that Redis runs."
    return OK


def _in_database(session: Session) -> Iterator[tuple[str, str]]:
    session.execute(text("SELECT 1"))
    yield "database", OK
    alive = alive_queues(session)
    for queue in sorted(set(QUEUES.values())):
        away = f"No worker serves this queue: start `handrail worker {COMMANDS[queue]}`."
        yield f"worker:{queue}", OK if queue in alive else away


def _knowledge(state: Freshness, models: SiteModels) -> Knowledge:
    since = state.waiting_since
    return Knowledge(
        index=state.kind,
        documents=dict(state.states),
        oldest_waiting_s=round((datetime.now(UTC) - since).total_seconds()) if since else 0,
        model=models.searched,
        next_model=models.following,
        advice=models.advice,
    )


def _index(found: Mapping[str, Freshness]) -> str:
    """Fine while one site can answer: a site that is being set up must not take the others down."""
    if not found or any(state.kind == OK for state in found.values()):
        return OK
    site, state = next(iter(found.items()))
    wrong = "empty" if state.empty else "out of date"
    return f"The index of {site} is {wrong} ({state.queued} documents wait): run `handrail index PATH --site {site}`."
