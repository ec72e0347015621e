"""Decides for a Standby request who sends it, and which run answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from api.request.allowed_hosts import OWN_SITES
from api.request.authentication import Authentication
from api.request.callers import Caller
from api.request.cross_origin import CrossOrigin
from api.standby.credentials import Credentials, credentials_of, headers_without, is_secret, query_without
from api.web_server.headers import RawHeaders
from api.web_server.request import RequestHeaders, WebRequest
from runtime.access import permissions
from runtime.base.errors import BadGateway, Forbidden, GreenroomError, NotFound, Unauthorized, Unavailable
from runtime.container_http.target import Target
from runtime.orchestrator import Orchestrator
from runtime.standby.standby import Slot
from runtime.standby.targets import StandbyTarget


@dataclass(slots=True)
class Admission:
    """A request that is allowed: whose runs may answer it, and what the Actor gets."""

    target: StandbyTarget
    request: WebRequest


class StandbyGate:
    """Admits requests and finds their runs. `find_container` returns the container of a run by its web key."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        authentication: Authentication,
        cross_origin: CrossOrigin,
        find_container: Callable[[str], Target | Awaitable[Target]],
    ) -> None:
        self._orchestrator = orchestrator
        self._authentication = authentication
        self._cross_origin = cross_origin
        self._find_container = find_container
        self._version = -1
        self._known: dict[tuple[str, str], StandbyTarget] = {}
        """The targets by token and label. They are valid until a record changes."""
        self._admitted: WeakKeyDictionary[WebRequest, StandbyTarget] = WeakKeyDictionary()
        """The targets of requests that come again with the same bytes. They are valid as long."""

    def preflight_response(self, request: WebRequest) -> Response | None:
        """The response to a browser's preflight, which has no token; None for any other request."""
        return self._cross_origin.preflight_response(scope_of(request)) if request.method == b"OPTIONS" else None

    def admit(self, request: WebRequest) -> Admission:
        """Check who sends a request.

        Raises Unauthorized, NotFound for an unknown label, Invalid without Standby, and Forbidden for a page of another
        origin, and for runs that may not start the Actor.
        """
        self._forget_outdated()
        target = self._admitted.get(request)
        if target is not None:
            return Admission(target, request)
        sent = credentials_of(request.headers.raw, request.address.target.partition(b"?")[2])
        self._check_origin(sent)
        admission = self._admit_new(request, sent)
        if sent.token is not None and admission.request is request:  # a session can expire at any time
            self._admitted[request] = admission.target
        return admission

    def _admit_new(self, request: WebRequest, sent: Credentials) -> Admission:
        token, label = sent.token, request.address.key
        if token is not None and (known := self._known.get((token, label))) is not None:
            return Admission(known, request)
        caller = self._caller(request, sent)
        target = self._target_of(caller, label)
        if token is None:
            return Admission(target, request)
        if is_secret(token, is_control_token=caller.has_control_token):
            return Admission(target, _without(token, request))
        self._known[token, label] = target
        return Admission(target, request)

    def _forget_outdated(self) -> None:
        version = self._orchestrator.standby.targets.version()
        if version != self._version:
            self._version = version
            self._known.clear()
            self._admitted.clear()

    def _target_of(self, caller: Caller, label: str) -> StandbyTarget:
        permissions.check_not_ended(caller.run)
        target = self._orchestrator.standby.targets.find(caller.user, label)
        permissions.check_start(caller.run, target.actor, target.actor.defaults.permission_level)
        return target

    def take(self, target: StandbyTarget) -> Slot | None:
        """A place in a run that is ready; None if the request has to wait for one. Raises as `Standby.acquire`."""
        return self._orchestrator.standby.take(target)

    async def acquire(self, target: StandbyTarget) -> Slot:
        """A place in a run, which may have to be started. Raises as `Standby.acquire`."""
        return await self._orchestrator.standby.acquire(target)

    def container_of(self, slot: Slot) -> Target | Awaitable[Target]:
        """The container of the run. Raises BadGateway while there is none."""
        return self._find_container(slot.web_key)

    def doubt(self, run_id: str) -> None:
        """The run's web server does not listen."""
        self._orchestrator.standby.doubt(run_id)

    def failure(self, run_id: str, problem: BadGateway) -> GreenroomError:
        """The error for a request to which a run has given no valid response."""
        try:
            run = self._orchestrator.runs.get(run_id)
        except NotFound:
            return _finished(run_id, "it was deleted")
        if run.status.is_terminal:
            return _finished(run_id, run.status)
        return BadGateway("standby-bad-gateway", problem.message)

    def _caller(self, request: WebRequest, sent: Credentials) -> Caller:
        """The caller with this token. Without one, a page of the console: a link elsewhere must not start a run."""
        caller = None
        if sent.token is not None or sent.site == "same-origin":
            caller = self._authentication.caller_of(HTTPConnection(scope_of(request)), sent.token)
        if caller is None:
            raise Unauthorized(
                "user-not-authenticated",
                "User is not authenticated: send the API token as `Authorization: Bearer TOKEN` or as `?token=TOKEN`.",
            )
        return caller

    def _check_origin(self, sent: Credentials) -> None:
        """Raises Forbidden for a request that a page of another origin makes the browser send.

        Without configured users, any token is valid. Then any web page could use the Actors of this server.
        """
        origin = sent.origin
        is_foreign = origin is not None and origin.lower() != f"http://{sent.host.lower()}"
        if not is_foreign and (sent.site is None or sent.site in OWN_SITES):
            return
        if not self._cross_origin.permits_origin(origin, has_token=sent.token is not None):
            raise Forbidden("origin-not-allowed", "Web pages of another origin cannot use Standby of this server")


def scope_of(request: WebRequest) -> Scope:
    """A request as the API's own checks read it. Its path begins after the prefix."""
    path, _, query = request.address.target.partition(b"?")
    return {
        "type": "http",
        "method": request.method.decode("latin-1"),
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": request.headers.raw,
    }


def _finished(run_id: str, how: str) -> Unavailable:
    return Unavailable("standby-run-finished", f"The Actor run {run_id} ended before it responded ({how}).")


def _without(token: str, request: WebRequest) -> WebRequest:
    """The request without a token that the Actor must not receive."""
    known, address = request.headers, request.address
    path, mark, query = address.target.partition(b"?")
    rest = query_without(token, query)
    raw: RawHeaders = headers_without(token, known.raw)
    headers = RequestHeaders(raw, is_upgrade=known.is_upgrade, is_persistent=known.is_persistent)
    target = path + mark + rest if rest else path
    return WebRequest(request.method, address._replace(target=target), headers, request.version)
