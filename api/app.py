"""The ASGI application: what every request passes on its way to a route.

host -> spelling -> origin -> caller -> aliases -> routes; errors of all of them are told in one place.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Collection
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.hot_routes import HotRoutes
from api.request.access import Caller, token_of
from api.request.aliases import Aliases, rewrite_spelling
from api.request.guards import Guards, RateLimit
from api.response.errors import error_response, internal_error
from api.routes import (
    actor_builds,
    actor_runs,
    actor_tasks,
    actors,
    datasets,
    greenroom,
    key_value_stores,
    logs,
    request_queues,
    store,
    users,
    webhook_dispatches,
    webhooks,
)
from api.web_server.proxy import Target, WebServerProxy, web_key_of
from runtime.base.errors import BadGateway, GreenroomError, MethodNotAllowed, NotFound
from runtime.orchestrator import Orchestrator

log = logging.getLogger("greenroom.api")

STORAGES = (datasets.router, key_value_stores.router, request_queues.router)
ROUTERS = (
    *STORAGES,
    users.router,
    actors.router,
    actor_builds.router,
    actor_runs.router,
    actor_tasks.router,
    store.router,
    logs.router,
    webhooks.router,
    webhook_dispatches.router,
    greenroom.router,
)

ERROR_HANDLED = "greenroom.told"
"""Set in the scope of a request whose fault has been answered."""


class App:
    """The API, the container web servers and the local controls of one orchestrator, on one port."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        control_token: str,
        info: Callable[[], dict[str, Any]],
        shut_down: Callable[[bool | None], int],
        more_ports: Collection[int] = (),
    ) -> None:
        self._orchestrator = orchestrator
        self._guards = Guards({orchestrator.settings.port, *more_ports}, orchestrator.engine.gateway)
        self._rate_limit = RateLimit(orchestrator.settings.rate_limit, orchestrator.clock)
        self._aliases = Aliases(orchestrator)
        self._web_servers = WebServerProxy(self._web_server)
        self._control_token = control_token
        self._routes = HotRoutes(_routes(orchestrator, control_token, info, shut_down), STORAGES)

    async def close(self) -> None:
        await self._web_servers.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            app = self._select_app(scope)
        except GreenroomError as problem:
            app = _refusal(error_response(problem, scope), scope)
        except Exception as problem:
            app = _refusal(internal_error(problem, scope), scope)
        try:
            await app(scope, *self._counted(scope, receive, send))
        except Exception:
            # Starlette raises a fault again after answering it, which would break a connection that is kept alive.
            if not scope.get(ERROR_HANDLED):
                raise

    def _select_app(self, scope: Scope) -> ASGIApp:
        """Which application answers. Raises what the guards, the token or an alias object to."""
        self._guards.check_host(scope)
        if web_key_of(scope) is not None:
            return self._web_servers
        rewrite_spelling(scope)
        if scope["type"] == "http":
            self._guards.check_origin(scope)
            self._identify(scope)
            self._aliases.resolve(Request(scope))
        return self._routes

    def _identify(self, scope: Scope) -> None:
        """Put the caller into the scope. The token of server.json is the first user's: it is the command line's."""
        scope["greenroom.caller"] = None
        token = token_of(HTTPConnection(scope))
        if token is None:
            return
        users = self._orchestrator.users
        is_control = hmac.compare_digest(token.encode(), self._control_token.encode())
        user, run = (users.first(), None) if is_control else users.authenticate(token)
        self._rate_limit.count(user.id)
        scope["greenroom.caller"] = Caller(user, run, is_control)

    def _counted(self, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """Count the bodies of a run's requests, and of their answers, as its internal data transfer."""
        caller: Caller | None = scope.get("greenroom.caller")
        if caller is None or caller.run is None or caller.run.status.is_terminal:
            return receive, send
        run_id, billing = caller.run.id, self._orchestrator.billing

        async def counted_receive() -> Message:
            message = await receive()
            billing.count_transfer(run_id, len(message.get("body", b"")))
            return message

        async def counted_send(message: Message) -> None:
            billing.count_transfer(run_id, len(message.get("body", b"")))
            await send(message)

        return counted_receive, counted_send

    async def _web_server(self, web_key: str) -> Target:
        run = self._orchestrator.runs.find_by_web_key(web_key)
        if run is None:
            raise NotFound("record-not-found", "No Actor run has this web server address.")
        if run.status.is_terminal:
            raise BadGateway("run-finished", f"The Actor run {run.id} has ended ({run.status}).")
        address = await self._orchestrator.supervisors.web_server_address(run.id)
        if address is None:
            raise BadGateway("run-not-started", f"The container of Actor run {run.id} is not running yet.")
        return Target(*address)


def _routes(
    orchestrator: Orchestrator,
    control_token: str,
    info: Callable[[], dict[str, Any]],
    shut_down: Callable[[bool | None], int],
) -> FastAPI:
    app = FastAPI(title="Greenroom", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.orchestrator = orchestrator
    app.state.control_token = control_token
    app.state.info = info
    app.state.shut_down = shut_down
    for router in ROUTERS:
        # Not include_router, which nests them: 405 needs to know the methods of every route.
        app.router.routes.extend(router.routes)
    app.add_exception_handler(GreenroomError, _told)
    app.add_exception_handler(HTTPException, _told_of_routing)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _told_of_fault)
    return app


async def _told(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, GreenroomError)
    return error_response(problem, request.scope)


async def _told_of_fault(request: Request, problem: Exception) -> Response:
    request.scope[ERROR_HANDLED] = True
    return internal_error(problem, request.scope)


async def _left(request: Request, problem: Exception) -> Response:
    """The client went away while it was sending: nobody reads this, and it is no fault of ours."""
    return Response(status_code=400)


async def _told_of_routing(request: Request, problem: Exception) -> Response:
    """No such page, or not with this method."""
    allowed = sorted(_methods(request.app.routes, request.scope))
    if allowed:
        only = ",".join(["OPTIONS", *allowed])
        message = f"This API end-point can only be accessed using the following HTTP methods: {only}"
        return error_response(MethodNotAllowed("method-not-allowed", message), request.scope)
    path = request.scope["path"]
    # Clients print links to pages of a console, which they take to be at the API's address.
    where = "" if path.startswith("/v2/") else ": the API is below /v2/, and a web console does not exist yet"
    message = f"There is no API endpoint at {path}{where}"
    return error_response(NotFound("page-not-found", message), request.scope)


def _methods(routes: list[BaseRoute], scope: Scope) -> set[str]:
    fitting = (route for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE)
    return {method for route in fitting for method in route.methods or ()}


def _refusal(answer: Response, scope: Scope) -> ASGIApp:
    """The answer to a request that goes no further; a WebSocket is refused before it is accepted."""
    return _close_socket if scope["type"] == "websocket" else answer


async def _close_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
