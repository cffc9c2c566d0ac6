"""Pages of the desk: templates, what every page has, and errors as pages that say what to do."""

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import DataError, OperationalError

from core.errors import BadRequest, HandrailError, TooManyRequests, Unavailable
from core.log import get_logger
from core.privacy.tokens import closed
from web.desk import words
from web.desk.entry import LoginNeeded, Visit, known
from web.desk.rights import Right
from web.faults import sentence

log = get_logger(__name__)

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # an id of a conversation is told to nobody else
    "Cross-Origin-Opener-Policy": "same-origin",
}
# To add a page to the menu: its address, its name, and the right that it asks for.
MENU = (
    ("/desk", "Queue", Right.READ),
    ("/desk/drafts", "Drafts", Right.READ),
    ("/desk/tickets", "Tickets", Right.READ),
    ("/desk/search", "Search", Right.READ),
    ("/admin/agent/kb", "Documents", Right.SEE_DOCUMENTS),
    ("/admin/agent/tools", "Tools", Right.SEE_FIGURES),
    ("/admin/agent/metrics", "Figures", Right.SEE_FIGURES),
    ("/admin/agent/evals", "Evaluations", Right.SEE_FIGURES),
    ("/admin/agent/gaps", "Gaps", Right.SEE_FIGURES),
    ("/desk/staff", "Staff", Right.SEE_STAFF),
    ("/desk/audit", "Audit", Right.AUDIT),
    ("/desk/privacy", "Privacy", Right.AUDIT),
)


class DeskRoute(APIRoute):
    """A route of the desk: whatever goes wrong is a page, and nothing is kept by a browser or shown in a frame."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own, and what becomes of its errors."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await _answered(inner, request)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return handle


def page(visit: Visit, template: str, *, status: int = HTTPStatus.OK, **told: Any) -> HTMLResponse:
    """A page for somebody who is logged in."""
    return bare(visit.request, template, status=status, login=visit.login, visit=visit, **told)


def bare(request: Request, template: str, *, status: int = HTTPStatus.OK, **told: Any) -> HTMLResponse:
    """A page for anybody."""
    done = words.DONE.get(request.query_params.get("done", ""))
    told = {"login": None, "visit": None, "problem": "", "done": done} | told
    told |= {"path": request.url.path, "menu": _menu(told["login"]), "now": datetime.now(UTC)}
    return HTMLResponse(templates().get_template(template).render(told), status)


def go(where: str, **query: str) -> RedirectResponse:
    """After a form: to the page that shows what came of it."""
    mark = "&" if "?" in where else "?"
    return RedirectResponse(where + (mark + urlencode(query) if query else ""), HTTPStatus.SEE_OTHER)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """All templates; what visitors wrote is text in them, never HTML."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_closed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"ago": words.ago, "moment": words.moment, "until": words.until, "size": words.size}
    made.globals |= {"static": static, "words": words, "Right": Right}
    return made


def _closed(value: Any) -> Any:
    """Whatever a page does not open itself is shown as `[email 1]`."""
    return closed(value) if type(value) is str else value


@lru_cache(maxsize=16)
def static(name: str) -> str:
    """The address of a file that comes with the desk; it changes with its content, so browsers may keep it."""
    return f"/desk/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


async def _answered(inner: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        if request.headers.get("content-type", "").startswith("multipart/"):
            await run_in_threadpool(known, request)  # before a large body is read
        return await inner(request)
    except LoginNeeded:
        return _to_login(request)
    except Exception as error:  # noqa: BLE001 - whatever it is, those who work here see a page
        return problem(request, _ours(error, request))


def _ours(error: Exception, request: Request) -> HandrailError:
    """One of our own errors, with what to do, for whatever went wrong."""
    if isinstance(error, HandrailError):
        return error
    if isinstance(error, RequestValidationError):
        return BadRequest(sentence(error.errors()[0]))
    if isinstance(error, DataError):  # a NUL, or a number that no row can have
        return BadRequest("Something in the address or the form can't be used: go back and change it.")
    log.error("page_failed", path=request.url.path, exc_info=error)
    if isinstance(error, OperationalError):
        return Unavailable("The database is away: try again shortly.")
    return HandrailError()


def problem(request: Request, error: HandrailError) -> Response:
    """A page that says what went wrong and what to do."""
    login = getattr(request.state, "login", None)
    title = HTTPStatus(error.status).phrase
    answer = bare(request, "problem.html", status=error.status, login=login, title=title, detail=error.detail)
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _to_login(request: Request) -> Response:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/desk/login" + (f"?next={quote(back)}" if request.method == "GET" and back != "/desk" else "")
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


def _menu(login: Any) -> list[tuple[str, str]]:
    return [(where, name) for where, name, right in MENU if login and login.roles.anywhere(right)]
