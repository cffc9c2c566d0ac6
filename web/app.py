"""The web application, put together: doors, edge, errors, and the hub that listens for news."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from core import log, queue, watching
from core.settings import Settings, get_settings
from web import (
    assets,
    chat,
    contract_page,
    edge,
    faults,
    health,
    knowledge,
    look,
    receipts,
    stream,
    transcripts,
    visitors,
)
from web.desk import doors as desk
from web.edge import Edge
from web.hub import Hub
from web.origins import Cors, Origins
from web.proxies import Proxies, Trusted
from web.short import Short
from web.slack import doors as slack
from web.webhooks import doors, privacy
from web.webhooks.intake import Intake
from web.webhooks.secrets import Secrets

# To add a door: write its file, add its router here.
ROUTERS = (
    chat.router,
    visitors.router,
    receipts.router,
    transcripts.router,
    stream.router,
    knowledge.router,
    doors.router,
    privacy.router,
    slack.router,
    health.router,
)

DESCRIPTION = "Support for a site's visitors: cited answers, orders, tickets, and people."


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application for `settings`; nothing is connected before it starts."""
    settings = settings or get_settings()
    app = FastAPI(
        title="Handrail",
        version=version("handrail"),
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # ours: `web.contract_page`
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.settings = settings
    app.state.hub = Hub(settings.redis_url, look.glances)
    app.state.intake = Intake(settings.webhooks_waiting_max)
    app.state.webhook_secrets = Secrets()
    app.state.origins = Origins(settings.allowed_origins)
    for router in ROUTERS:
        app.include_router(router)
    contract_page.add(app)
    desk.add(app, settings)
    assets.mount(app)
    faults.add_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(Short, routes=doors.router.routes, paths=doors.SHORT)
    larger = dict.fromkeys(("/webhook", "/slack"), doors.BODY_MAX) | desk.larger(settings)
    app.add_middleware(Edge, max_bytes=settings.body_max_bytes, larger=larger)
    app.add_middleware(Cors, origins=app.state.origins, more=edge.PREFLIGHT_HEADERS)
    app.add_middleware(Proxies, trusted=Trusted(settings.trusted_proxies))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    log.configure(settings.log_level)
    figures = watching.start(settings, "api")
    settings.signing_key()  # a weak key is refused before the first visitor, not by the first
    queue.connect()
    app.state.hub.start()
    app.state.ear.start()
    app.state.intake.start()
    yield
    app.state.intake.stop()
    await app.state.ear.stop()
    await app.state.hub.stop()
    figures.stop()


def __getattr__(name: str) -> ASGIApp:
    """`uvicorn web.app:app` without making an application at import."""
    if name == "app":
        return make_app()
    raise AttributeError(name)
