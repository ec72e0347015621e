"""A shorter way to the routes of storages, which Actors call for every page they visit.

The framework tries each of its routes in turn and prepares every call for features that no handler here uses; that
takes more time than most handlers. This answers with the very same handlers and error handlers. Whatever it does not
know (another method, another page) goes on to the framework.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from re import Pattern

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]
HANDLER = "greenroom.handler"


class HotRoutes:
    """The application, with a short way to the routes of some of its routers; their handlers take only the request."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self.app = app
        self._routes: dict[tuple[str, str], list[tuple[Pattern[str], Handler]]] = defaultdict(list)
        for route in (route for router in routers for route in router.routes):
            assert isinstance(route, APIRoute) and list(inspect.signature(route.endpoint).parameters) == ["request"]
            for method in route.methods or ():
                self._routes[method, _word(route.path)].append((route.path_regex, route.endpoint))
        handlers = dict(app.exception_handlers)
        of_faults = handlers.pop(Exception)
        self._short_way = ServerErrorMiddleware(ExceptionMiddleware(_answer, handlers), of_faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._short_way if self._finds(scope) else self.app)(scope, receive, send)

    def _finds(self, scope: Scope) -> bool:
        """Whether one of the routes fits; the scope is then what the framework would have made of it."""
        if scope["type"] != "http":
            return False
        path = scope["path"]
        for pattern, handler in self._routes.get((scope["method"], _word(path)), ()):
            if match := pattern.match(path):
                scope.update(app=self.app, path_params=match.groupdict(), **{HANDLER: handler})
                return True
        return False


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    response = await scope[HANDLER](Request(scope, receive, send))
    await response(scope, receive, send)


def _word(path: str) -> str:
    """The one after /v2/."""
    return path[4:].partition("/")[0]
