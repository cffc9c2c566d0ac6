"""Short ways: doors at which much knocks are opened before the framework looks for a route.

Finding a route, resolving what an endpoint depends on and validating its answer cost several times as much as taking
an event does. A short way leads to the same function that the route names, which therefore takes a `Request` alone and
returns a `Response`; the edge's limits, headers and figures hold for it as for every other.
"""

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Short:
    """Wraps the application inside the edge: the POST routes at `paths` are answered from here."""

    def __init__(self, app: ASGIApp, *, routes: Iterable[BaseRoute], paths: frozenset[str]) -> None:
        """Find the routes, which stay where they are for whatever else comes, and for the documentation."""
        self.app = app
        self.doors = {route.path: route for route in routes if isinstance(route, APIRoute) and route.path in paths}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Errors are the edge's to answer."""
        route = self.doors.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        response = await route.endpoint(Request(scope, receive))
        await response(scope, receive, send)
