"""A shorter path to the routes of storages, which Actors call for every page that they visit.

FastAPI tries one route after another, and prepares each call for features that no handler here uses. That takes more
time than most of these handlers do. HotRoutes finds the same handlers in a table, and calls them within the same error
handlers. FastAPI answers every request that is not in the table: another method, another path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]
HANDLER = "greenroom.handler"
OPERATION = "greenroom.operation"
"""The key of a scope that holds the method and the path of the route."""


class HotRoutes:
    """An application with a shorter path to the routes of some of its routers. Their handlers take only the request."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self.app = app
        self._routes: dict[tuple[str, str], list[tuple[APIRoute, str]]] = defaultdict(list)
        for route in (route for router in routers for route in router.routes):
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                self._routes[method, _word(route.path)].append((route, f"{method} {route.path}"))
        handlers = dict(app.exception_handlers)
        unexpected_error = handlers.pop(Exception)
        self._short_path = ServerErrorMiddleware(ExceptionMiddleware(_call_handler, handlers), unexpected_error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._short_path if self._find(scope) else self.app)(scope, receive, send)

    def _find(self, scope: Scope) -> bool:
        """Whether a route matches. If so, the scope gets the entries that FastAPI would set, and the handler."""
        if scope["type"] != "http":
            return False
        path = scope["path"]
        for route, name in self._routes.get((scope["method"], _word(path)), ()):
            if match := route.path_regex.match(path):
                scope.update(app=self.app, path_params=match.groupdict(), **{HANDLER: route.endpoint, OPERATION: name})
                return True
        return False


async def _call_handler(scope: Scope, receive: Receive, send: Send) -> None:
    response = await scope[HANDLER](Request(scope, receive, send))
    await response(scope, receive, send)


def _word(path: str) -> str:
    """The word after /v2/."""
    return path[4:].partition("/")[0]
