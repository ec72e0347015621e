"""Counts what a run sends to the API and receives from it: its API calls, and its internal data transfer."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.types import Message, Receive, Scope, Send

from api.hot_routes import OPERATION
from api.request.callers import CALLER, Caller
from runtime.base.clock import Clock
from runtime.billing.billing import Billing
from runtime.history.api_calls import ApiCall, ApiCalls

NOT_ROUTED = "other"
"""The operation of a request that no route answered."""


class TransferCounter:
    """Counts the requests of runs."""

    def __init__(self, billing: Billing, api_calls: ApiCalls, clock: Clock) -> None:
        self._billing = billing
        self._api_calls = api_calls
        self._clock = clock

    def begin(self, scope: Scope, receive: Receive, send: Send) -> CountedCall | None:
        """A request of a run; None for all other requests. A run that has just ended transfers nothing any more."""
        caller: Caller | None = scope.get(CALLER)
        if caller is None or caller.run is None or scope["type"] != "http":
            return None
        run = caller.run
        count = None if run.status.is_terminal else self._billing.count_transfer
        return CountedCall(run.id, scope, receive, send, count, self._clock.now(), self._api_calls)


class CountedCall:
    """One request: `receive` and `send` count the bodies. Call `end` after the response."""

    __slots__ = (
        "_api_calls",
        "_at",
        "_began",
        "_count",
        "_receive",
        "_received",
        "_run_id",
        "_scope",
        "_send",
        "_sent",
        "_status",
    )

    def __init__(
        self,
        run_id: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        count: Callable[[str, int], None] | None,
        at: int,
        api_calls: ApiCalls,
    ) -> None:
        self._run_id = run_id
        self._scope = scope
        self._receive = receive
        self._send = send
        self._count = count
        self._at = at
        self._api_calls = api_calls
        self._began = time.perf_counter_ns()
        self._received = self._sent = 0
        self._status: int | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if size := len(message.get("body", b"")):
            self._received += size
            if self._count is not None:
                self._count(self._run_id, size)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        elif size := len(message.get("body", b"")):
            self._sent += size
            if self._count is not None:
                self._count(self._run_id, size)
        await self._send(message)

    def end(self) -> None:
        scope = self._scope
        micros = (time.perf_counter_ns() - self._began) // 1000
        call = ApiCall(
            self._at,
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            self._status,
            micros,
            self._received,
            self._sent,
            _operation(scope),
        )
        self._api_calls.add(self._run_id, call)


def _operation(scope: Scope) -> str:
    operation: str | None = scope.get(OPERATION)
    if operation is not None:
        return operation
    route = scope.get("route")
    return NOT_ROUTED if route is None else f"{scope['method']} {route.path}"
