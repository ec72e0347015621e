"""Decides for a Standby request who sends it, and which run answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from api.request.allowed_hosts import OWN_SITES
from api.request.authentication import Authentication
from api.request.callers import Caller
from api.request.cross_origin import CrossOrigin
from api.standby.credentials import headers_without, is_secret, query_without, standby_token_of
from runtime.access import permissions
from runtime.base.errors import BadGateway, Forbidden, GreenroomError, Unauthorized, Unavailable
from runtime.base.records import Run
from runtime.orchestrator import Orchestrator
from runtime.standby.targets import StandbyTarget


@dataclass(frozen=True, slots=True)
class Place:
    """Where this host reaches the run that answers a request. `release` it when the exchange has ended."""

    run_id: str
    host: str
    port: int
    release: Callable[[], None]


class StandbyGate:
    """Admits requests and finds their runs. A request is described by the scope of ASGI, or by one like it."""

    def __init__(self, orchestrator: Orchestrator, authentication: Authentication, cross_origin: CrossOrigin) -> None:
        self._orchestrator = orchestrator
        self._authentication = authentication
        self._cross_origin = cross_origin

    def admit(self, scope: Scope, label: str) -> tuple[StandbyTarget, Scope]:
        """The target of a request, and the request for the Actor.

        Raises Unauthorized, NotFound for an unknown label, Invalid without Standby, and Forbidden for a page of another
        origin, and for runs that may not start the Actor.
        """
        connection = HTTPConnection(scope)
        token = standby_token_of(connection)
        self._check_origin(connection.headers, has_token=token is not None)
        caller = self._caller(connection, token)
        if caller is None:
            raise Unauthorized(
                "user-not-authenticated",
                "User is not authenticated: send the API token as `Authorization: Bearer TOKEN` or as `?token=TOKEN`.",
            )
        permissions.check_not_ended(caller.run)
        target = self._orchestrator.standby.targets.find(caller.user, label)
        permissions.check_start(caller.run, target.actor, target.actor.defaults.permission_level)
        return target, _without_secrets(scope, caller, token)

    async def acquire(self, target: StandbyTarget) -> Place:
        """Find the run that answers, which may have to be started. Raises as `Standby.acquire`."""
        while True:
            slot = await self._orchestrator.standby.acquire(target)
            address = None
            try:
                address = await self._orchestrator.live_runs.web_server_address(slot.run_id)
            finally:
                if address is None:
                    slot.release()
            if address is not None:
                return Place(slot.run_id, *address, slot.release)
            self.doubt(slot.run_id)

    def doubt(self, run_id: str) -> None:
        """The run's web server does not listen."""
        self._orchestrator.standby.doubt(run_id)

    def failure(self, run_id: str, problem: BadGateway) -> GreenroomError:
        """The error for a request to which a run has given no valid response."""
        run = self._orchestrator.runs.get(run_id)
        if run.status.is_terminal:
            return _finished(run)
        return BadGateway("standby-bad-gateway", problem.message)

    def _caller(self, connection: HTTPConnection, token: str | None) -> Caller | None:
        """The caller with this token. Without one, a page of the console: a link elsewhere must not start a run."""
        if token is None and connection.headers.get("sec-fetch-site") != "same-origin":
            return None
        return self._authentication.caller_of(connection, token)

    def _check_origin(self, headers: Headers, *, has_token: bool) -> None:
        """Raises Forbidden for a request that a page of another origin makes the browser send.

        Without configured users, any token is valid. Then any web page could use the Actors of this server.
        """
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_foreign = origin is not None and origin.lower() != f"http://{headers.get('host', '').lower()}"
        if not is_foreign and (site is None or site in OWN_SITES):
            return
        if not self._cross_origin.permits_origin(origin, has_token=has_token):
            raise Forbidden("origin-not-allowed", "Web pages of another origin cannot use Standby of this server")


def _finished(run: Run) -> Unavailable:
    return Unavailable("standby-run-finished", f"The Actor run {run.id} ended before it responded ({run.status}).")


def _without_secrets(scope: Scope, caller: Caller, token: str | None) -> Scope:
    if token is None or not is_secret(token, is_control_token=caller.has_control_token):
        return scope
    return {
        **scope,
        "headers": headers_without(token, scope["headers"]),
        "query_string": query_without(token, scope["query_string"]),
    }
