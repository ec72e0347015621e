"""Forwarding a Standby request: as to any web server, after a run has been found for it."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import RedirectResponse

from api.standby.deadlines import Deadlines
from api.standby.gate import StandbyGate
from api.standby.standby_address import STANDBY_ADDRESSES, StandbyAddress
from api.web_server.client import Client
from api.web_server.forwarding import Forwarding
from api.web_server.proxy import WebServers
from api.web_server.request import WebRequest
from runtime.base.errors import BadGateway, GatewayTimeout, GreenroomError
from runtime.container_http.response import ResponseHead
from runtime.standby.standby import Slot
from runtime.standby.targets import StandbyTarget

RESPONSE_SECS = 300.0
"""The time until the first response, in all (platform documentation, "Actor Standby", Timeouts)."""
NOT_SENT = frozenset({"web-server-not-listening", "run-finished", "run-not-started"})
"""The errors of a request of which the run has received nothing."""


class StandbyEntrance:
    """Forwards the requests that have a Standby address. The handshake of a WebSocket is such a request too."""

    def __init__(self, gate: StandbyGate, response_secs: float = RESPONSE_SECS) -> None:
        self.gate = gate
        self.deadlines = Deadlines(response_secs)

    def address_of(self, host: bytes, target: bytes) -> StandbyAddress | None:
        return STANDBY_ADDRESSES.find(host, target)

    def forwarding(self, client: Client, web_servers: WebServers, request: WebRequest) -> Forwarding:
        return StandbyForwarding(client, web_servers, request, self)


class StandbyForwarding(Forwarding):
    """One request. It occupies a place in a run until its response has ended, or its WebSocket is closed."""

    _slot: Slot | None = None
    _standby: StandbyTarget

    def __init__(self, client: Client, web_servers: WebServers, request: WebRequest, entrance: StandbyEntrance) -> None:
        super().__init__(client, web_servers, request)
        self._gate = entrance.gate
        self._deadlines = entrance.deadlines

    def abort(self) -> None:
        if self._task is not None:
            self._task.cancel()
        super().abort()

    def receive_head(self, head: ResponseHead) -> None:
        self._deadlines.remove(self._time_out)
        super().receive_head(head)

    def _find_container(self) -> None:
        preflight = self._gate.preflight_response(self._request)
        if preflight is not None:
            self._respond(preflight)
            return
        admission = self._gate.admit(self._request)
        if self._request.needs_slash:
            self._respond(RedirectResponse(self._request.address.with_slash, HTTPStatus.PERMANENT_REDIRECT))
            return
        self._standby, self._request = admission.target, admission.request
        self._deadlines.add(self._time_out)
        slot = self._gate.take(self._standby)
        if slot is None:
            self._wait_for_run()
        else:
            self._use(slot)

    def _wait_for_run(self) -> None:
        self._continue_with(self._gate.acquire(self._standby), self._use)

    def _use(self, slot: Slot) -> None:
        """Send the request to the run in which it has a place. Raises BadGateway."""
        self._slot = slot
        if self.response_complete:
            self._release()
        else:
            self._connect_to(self._gate.container_of(slot))

    def _reject(self, problem: GreenroomError) -> None:
        """A run that has received nothing of the request may be ending. Then another one answers."""
        slot = self._slot
        if isinstance(problem, BadGateway) and slot is not None:
            if problem.slug in NOT_SENT and not self.response_complete:
                self._release()
                self._gate.doubt(slot.run_id)
                self._wait_for_run()
                return
            problem = self._gate.failure(slot.run_id, problem)
        super()._reject(problem)

    def _time_out(self) -> None:
        if self.response_complete:
            return
        if self._task is not None:
            self._task.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        message = f"The Actor has not responded within {self._deadlines.secs:g} seconds."
        super()._reject(GatewayTimeout("standby-response-timeout", message))

    def _end(self) -> None:
        super()._end()
        self._deadlines.remove(self._time_out)
        self._release()

    def _release(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.release()
