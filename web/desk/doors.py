"""All doors of the desk, and the files that its pages use."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from core.errors import NotFound
from core.settings import Settings
from web.desk import (
    documents,
    drafts,
    erasing,
    evals,
    evidence,
    figures,
    gaps,
    live,
    log,
    login,
    oidc_doors,
    privacy,
    queue,
    search,
    staff,
    threads,
    tickets,
    tools,
)
from web.desk.ear import Ear
from web.desk.pages import STATIC, DeskRoute

UPLOAD_HEAD = 64 * 1024  # what a form has beside the file
FORM_BYTES = 256 * 1024  # a reply that is too long must reach the page that says so
YEAR = "public, max-age=31536000, immutable"

last = APIRouter(route_class=DeskRoute, include_in_schema=False)


class PageNotFound(NotFound):
    """The desk has no such page: the menu shows what there is."""


@last.get("/desk/{path:path}")
def nothing(request: Request, path: str) -> Response:  # noqa: ARG001 - whatever is asked for
    """Whatever else is asked for."""
    raise PageNotFound


# To add a door: write its file, add its router here; what asks for no login is named in the tests.
ROUTERS = (
    *(
        login.router,
        oidc_doors.router,
        queue.router,
        threads.router,
        evidence.router,
        drafts.router,
        search.router,
        tickets.router,
    ),
    *(staff.router, log.router, live.router, documents.router, tools.router, figures.router, evals.router),
    *(erasing.router, evidence.router, privacy.router, gaps.router, last),
)


class Kept(StaticFiles):
    """Files whose address changes with their content, so a browser keeps them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = YEAR
        return response


def larger(settings: Settings) -> dict[str, int]:
    """Bodies that may be larger than others, by the path's start."""
    return {"/admin/agent/kb/upload": settings.desk_upload_bytes + UPLOAD_HEAD, "/desk/": FORM_BYTES}


def add(app: FastAPI, settings: Settings) -> None:
    """Open the desk."""
    app.state.ear = Ear(settings.redis_url)
    app.mount("/desk/static", Kept(directory=STATIC), name="desk")
    for router in ROUTERS:
        app.include_router(router)
