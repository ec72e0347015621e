"""The ASGI application. Every request passes these stages, from top to bottom:

1. Host: only names of this server are answered.
2. Web servers and Standby: a request for an Actor leaves the API here.
3. Console: a browser that opens a page outside of the API gets the web console.
4. Preflights: a browser learns whether a web page of another origin may send a request.
5. Size and spelling of the URL: `?method=PUT`, `/v2/acts`, a slash at the end.
6. Origin: web pages of other origins cannot write, unless they are permitted to call the API.
7. Caller: the token, or the session of a browser, identifies a user or run, and the request counts for the rate limit.
8. Aliases: `/v2/actor-runs/X/dataset` and the like become canonical paths.
9. Routes: HotRoutes for storages, FastAPI for everything else.

An error in any stage becomes the platform's error object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.console.console import BUILD, Console
from api.data_transfer import TransferCounter
from api.hot_routes import HotRoutes
from api.live_events.sources import add_sources
from api.old_clients import without_chunks
from api.request.aliases import Aliases, check_size, rewrite_spelling
from api.request.allowed_hosts import AllowedHosts
from api.request.authentication import Authentication
from api.request.cross_origin import CrossOrigin
from api.request.rate_limit import RateLimit
from api.request.session_cookies import SessionCookies
from api.request.writes import Writes
from api.response.errors import ERROR_HANDLED, ERROR_HANDLERS, check_routing, error_response, internal_error
from api.response.local_controls import ServerInfo
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
    schedules,
    shells,
    store,
    tools,
    users,
    webhook_dispatches,
    webhooks,
)
from api.standby.forwarding import StandbyEntrance
from api.standby.gate import StandbyGate
from api.web_server.proxy import WebServers
from api.web_server.targets import WebServerTargets
from runtime.base.errors import GreenroomError
from runtime.doctor.examination import Examination
from runtime.orchestrator import Orchestrator

STORAGES = (datasets.router, key_value_stores.router, request_queues.router)
ROUTERS = (
    users.router,
    actors.router,
    actor_builds.router,
    actor_runs.router,
    actor_tasks.router,
    store.router,
    schedules.router,
    tools.router,
    logs.router,
    webhooks.router,
    webhook_dispatches.router,
    greenroom.router,
    *greenroom.LOCAL_ROUTERS,
    shells.router,
    *STORAGES,
)
"""FastAPI tries them in this order. It rarely gets to the storages, which HotRoutes answers."""

Stage = Callable[[Scope], None]
"""Checks or rewrites the scope of a request. A stage that rejects the request raises a GreenroomError."""


class App:
    """The API, the web servers of runs, and the local controls of one orchestrator, all on one port.

    `info` returns the status of the server. `shut_down` begins to stop it, and returns how many live runs will be left.
    Its argument decides whether these runs are stopped too. None leaves that to the server's settings. `examination`
    makes the checks of the doctor. `earlier_ports` are the ports of earlier servers, which adopted containers still
    use. `console_build` is the folder of the built web console.
    """

    def __init__(
        self,
        orchestrator: Orchestrator,
        control_token: str,
        info: Callable[[], ServerInfo],
        shut_down: Callable[[bool | None], int],
        examination: Examination,
        earlier_ports: Collection[int] = (),
        console_build: Path = BUILD,
    ) -> None:
        settings = orchestrator.settings
        add_sources(orchestrator, examination)
        routes = _routes(orchestrator, info, shut_down)
        routes.state.doctor = examination
        writes = Writes(routes.routes).include
        self._cross_origin = CrossOrigin(settings.allowed_origins, has_users=bool(settings.users))
        hosts = AllowedHosts({settings.port, *earlier_ports}, orchestrator.engine.gateway, self._cross_origin, writes)
        session_cookies = SessionCookies(orchestrator.sessions, settings.port, writes, orchestrator.clock)
        rate_limit = RateLimit(settings.rate_limit, orchestrator.clock)
        authentication = Authentication(orchestrator.users, control_token, session_cookies, rate_limit)
        routes.state.may_continue = authentication.may_continue
        routes.state.identify_caller = authentication.identify_caller
        routes.state.session_cookies = session_cookies
        self._check_host = hosts.check_host
        self._console = Console(console_build, orchestrator, session_cookies)
        self._http_stages: tuple[Stage, ...] = (
            self._cross_origin.record_origin,
            check_size,
            rewrite_spelling,
            hosts.check_origin,
            authentication.identify_caller,
            Aliases(orchestrator, partial(check_routing, routes.routes)).resolve,
        )
        self._websocket_stages: tuple[Stage, ...] = (check_size, rewrite_spelling)
        self._routes = HotRoutes(routes, STORAGES)
        targets = WebServerTargets(orchestrator)
        gate = StandbyGate(orchestrator, authentication, self._cross_origin, targets.find)
        self.web_servers = WebServers(targets.find, hosts.check_web_server_host, StandbyEntrance(gate))
        self._transfer_counter = TransferCounter(
            orchestrator.billing, orchestrator.history.api_calls, orchestrator.clock
        )
        self._orchestrator = orchestrator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("http_version") == "1.0":
            send = without_chunks(send)
        try:
            app = self._select_app(scope)
        except GreenroomError as problem:
            app = _rejection(error_response(problem, scope), scope)
        except Exception as problem:
            app = _rejection(internal_error(problem, scope), scope)
        send = self._cross_origin.with_headers(scope, send)
        call = self._transfer_counter.begin(scope, receive, send)
        try:
            await (app(scope, receive, send) if call is None else app(scope, call.receive, call.send))
        except Exception:
            # Starlette raises an error again after answering it, which would break a connection that is kept alive.
            if not scope.get(ERROR_HANDLED):
                raise
        finally:
            if call is not None:
                call.end()

    def _select_app(self, scope: Scope) -> ASGIApp:
        """Pass the request through its stages, and return the application that answers it."""
        self._check_host(scope)
        if self._console.serves(scope):
            return self._console
        if scope["type"] == "http" and (preflight := self._cross_origin.preflight_response(scope)) is not None:
            return preflight
        for stage in self._http_stages if scope["type"] == "http" else self._websocket_stages:
            stage(scope)
        return self._routes


def _routes(
    orchestrator: Orchestrator, info: Callable[[], ServerInfo], shut_down: Callable[[bool | None], int]
) -> FastAPI:
    # FastAPI's own document would describe the platform's API, whose parameters and bodies FastAPI does not parse.
    app = FastAPI(openapi_url=None, redirect_slashes=False, exception_handlers=ERROR_HANDLERS)
    app.state.orchestrator = orchestrator
    app.state.info = info
    app.state.shut_down = shut_down
    for router in ROUTERS:
        # include_router would nest them, but the error 405 lists the methods of all routes with the same path.
        app.router.routes.extend(router.routes)
    return app


def _rejection(response: Response, scope: Scope) -> ASGIApp:
    """The response to a rejected request. A rejected WebSocket is closed before it is accepted."""
    return _close_websocket if scope["type"] == "websocket" else response


async def _close_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
