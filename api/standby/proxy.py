"""The proxy for Standby requests as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import Message, Receive, Scope, Send

from api.connections.http_protocol import SWITCH, SwitchedConnection
from api.response.errors import error_response
from api.standby.gate import StandbyGate
from api.standby.standby_address import address_of_scope
from api.web_server.client_connection import ignore_disconnect
from api.web_server.forwarding import ForwardedRequest, Target
from api.web_server.http_exchange import NOT_LISTENING, forward
from api.web_server.proxy import redirect_to_slash
from api.web_server.run_address import RunAddress
from runtime.base.errors import BadGateway, GatewayTimeout, GreenroomError
from runtime.standby.targets import StandbyTarget

RESPONSE_SECS = 300.0
"""The time until the first response, in all (platform documentation, "Actor Standby", Timeouts)."""


class StandbyProxy:
    """Answers requests that have a Standby address. The handshake of a WebSocket is such a request too."""

    def __init__(self, gate: StandbyGate, response_secs: float = RESPONSE_SECS) -> None:
        self._gate = gate
        self._response_secs = response_secs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, ignore_disconnect(send))
        except GreenroomError as problem:
            await error_response(problem, scope)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of_scope(scope)
        if address is None:
            raise ValueError(f"{scope['path']} is not a Standby address")
        target, admitted = self._gate.admit(scope, address.label)
        run_address = RunAddress(address.label, address.prefix, address.target)
        if ForwardedRequest(scope, run_address, Target("", 0)).needs_slash:
            await redirect_to_slash(scope)(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._response_secs) as limit:
                request = partial(ForwardedRequest, _until_switch(admitted, limit), run_address)
                while not await self._forward(target, request, receive, _until_response(send, limit)):
                    pass
        except TimeoutError as problem:
            raise GatewayTimeout(
                "standby-response-timeout", f"The Actor has not responded within {self._response_secs:g} seconds."
            ) from problem

    async def _forward(
        self, target: StandbyTarget, request: Callable[[Target], ForwardedRequest], receive: Receive, send: Send
    ) -> bool:
        """Forward the request to a run. Returns False if the run does not listen any more, so another one is needed."""
        place = await self._gate.acquire(target)
        try:
            await forward(request(Target(place.host, place.port)), receive, send)
        except BadGateway as problem:
            if problem.slug == NOT_LISTENING:
                self._gate.doubt(place.run_id)
                return False
            raise self._gate.failure(place.run_id, problem) from problem
        finally:
            place.release()
        return True


def _until_response(send: Send, limit: asyncio.Timeout) -> Send:
    """The same `send`, which ends the limit on the time with the first response."""

    async def send_in_time(message: Message) -> None:
        limit.reschedule(None)
        await send(message)

    return send_in_time


def _until_switch(scope: Scope, limit: asyncio.Timeout) -> Scope:
    """The same for the response to the handshake of a WebSocket, which is not sent with `send`."""
    switch = scope.get("extensions", {}).get(SWITCH)
    if switch is None:
        return scope

    def switch_in_time(head: bytes) -> SwitchedConnection:
        limit.reschedule(None)
        switched: SwitchedConnection = switch(head)
        return switched

    return {**scope, "extensions": {SWITCH: switch_in_time}}
