"""Counts what a run sends to the API and receives from it, as the run's internal data transfer."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from api.request.callers import CALLER, Caller
from runtime.billing.billing import Billing


def count_transfer(billing: Billing, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """The same `receive` and `send`, but counting the bodies of the request and the response if a live run calls."""
    caller: Caller | None = scope.get(CALLER)
    if caller is None or caller.run is None or caller.run.status.is_terminal:
        return receive, send
    run_id = caller.run.id

    async def counting_receive() -> Message:
        message = await receive()
        billing.count_transfer(run_id, len(message.get("body", b"")))
        return message

    async def counting_send(message: Message) -> None:
        billing.count_transfer(run_id, len(message.get("body", b"")))
        await send(message)

    return counting_receive, counting_send
