"""Every error as `{"error", "detail"}`: ours, FastAPI's and the unexpected. Nothing of the inside leaks out."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core import ErrorDetails
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from core.errors import BadRequest, HandrailError, TooManyRequests, Unavailable
from core.log import get_logger

log = get_logger(__name__)

NAMES = {
    HTTPStatus.BAD_REQUEST: ("BadRequest", "The body can't be read: send JSON in UTF-8."),
    HTTPStatus.NOT_FOUND: ("NotFound", "There is no such page: the routes are listed at /api/docs."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("MethodNotAllowed", "This page doesn't know this method: see /api/docs."),
}


def add_handlers(app: FastAPI) -> None:
    """Make `app` answer every error in our form."""
    app.add_exception_handler(HandrailError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _database_away)


def answer(error: HandrailError) -> JSONResponse:
    """The HTTP answer for one of our errors."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = "2"
    elif error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    content = {"error": type(error).__name__, "detail": error.detail}
    return JSONResponse(content, status_code=error.status, headers=headers)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HandrailError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, Unavailable):
        log.error("failed", exc_info=error)
    return answer(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(BadRequest(sentence(error.errors()[0])))


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    name, detail = NAMES.get(status, (status.phrase.replace(" ", ""), str(error.detail)))
    return JSONResponse({"error": name, "detail": detail}, status_code=status, headers=error.headers)


async def _database_away(_: Request, error: Exception) -> JSONResponse:
    log.error("database_away", exc_info=error)
    return answer(Unavailable("The database is away: try again shortly."))


def sentence(fault: "ErrorDetails") -> str:
    """One of pydantic's faults as a plain sentence that names the field."""
    place = [str(part) for part in fault["loc"] if part not in {"body", "query", "path", "header"}]
    if fault["type"] == "json_invalid":
        return "The body is not valid JSON."
    if not place:
        return "The body must be a JSON object with Content-Type: application/json."
    field = ".".join(place)
    if fault["type"] == "missing":
        return f"The field `{field}` is missing."
    if fault["type"] == "extra_forbidden":
        return f"The field `{field}` is not known here."
    return f"The field `{field}` can't be used: {fault['msg'][:1].lower()}{fault['msg'][1:]}."
