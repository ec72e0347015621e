"""/greenroom/request-queues/QUEUE/requests: the requests of a queue by their outcome."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.disconnects import while_connected
from api.request.security_schemes import user_token
from api.response.envelopes import JSON
from api.response.local_controls import ErrorEnvelope, LocalModel
from runtime.base.json_text import dumps
from runtime.base.records import RequestOutcome

router = Router(responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}})


class QueueRequest(LocalModel):
    outcome: RequestOutcome
    request: dict[str, Any] = Field(description="The request as its client stored it.")


class OutcomeCounts(LocalModel):
    """How many requests have each outcome."""

    pending: int
    locked: int = Field(description="Requests on which a client works.")
    handled: int = Field(description="Requests that were handled and did not fail.")
    failed: int = Field(description="Requests that were given up. Crawlee stores this in its requests.")


class QueueRequests(LocalModel):
    counts: OutcomeCounts | None = Field(description="Null if they were not requested.")
    items: tuple[QueueRequest, ...] = Field(
        description="In the order of their ids. Big requests can make the page shorter than `limit`."
    )
    next_after: str | None = Field(description="The value of `after` for the next page. Null if this is the last one.")


@router.get("/greenroom/request-queues/{id}/requests", response_model=QueueRequests, dependencies=[Depends(user_token)])
async def list_queue_requests(
    request: Request,
    caller: FullCaller,
    id: str,
    outcome: Annotated[RequestOutcome | None, Query(description="Without it, requests with any outcome.")] = None,
    after: Annotated[str, Query(description="The id of the last request of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    counts: Annotated[
        bool, Query(description="Whether to count all requests, which takes long in a big queue.")
    ] = True,
) -> Response:
    """List requests of a queue by their outcome, and count all of them. It does not count as reading the queue."""
    queues, now = orchestrator_of(request).request_queues, orchestrator_of(request).clock.now()
    queue = queues.find(caller.user.id, id)
    found = await while_connected(request, queues.outcomes.page(queue.id, outcome, after, limit, now))
    page = {
        "counts": await while_connected(request, queues.outcomes.counts(queue.id, now)) if counts else None,
        "items": [{"outcome": each.outcome, "request": msgspec.Raw(each.body)} for each in found.requests],
        "nextAfter": found.requests[-1].id if found.has_more else None,
    }
    return Response(dumps(page), media_type=JSON)
