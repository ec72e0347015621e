"""/v2/request-queues"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.access import maybe_caller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response.envelopes import data_response, no_content
from api.response.storage_serializers import locked_queue_head, queue_head, request_queue
from api.routes.storage_routes import StorageRoutes, exact_response, read_json_exactly
from runtime.base.clock import iso
from runtime.base.errors import Invalid, record_not_found
from runtime.base.records import Added, QueueClient, RequestQueue, RequestState
from runtime.storages.request_queues import (
    MAX_BATCH,
    HeadItem,
    QueuedRequest,
    RequestQueues,
    check_batch,
    id_to_delete,
    request_not_found,
)

router = APIRouter()
routes = StorageRoutes("request-queues", lambda orchestrator: orchestrator.request_queues, request_queue)

QUEUE = "/v2/request-queues/{id}"
REQUEST = QUEUE + "/requests/{request_id}"
DEFAULT_HEAD = 100
MAX_HEAD = 1000
MAX_REQUESTS = 10_000
MAX_LOCK_SECS = 86_400
"""The platform names no maximum; nobody works on one request for longer than a day."""


@router.post("/v2/request-queues")
async def create_queue(request: Request) -> Response:
    return await routes.create(request)


@router.get("/v2/request-queues")
async def list_queues(request: Request) -> Response:
    return await routes.page(request)


@router.get(QUEUE)
async def get_queue(request: Request) -> Response:
    return await routes.read(request)


@router.put(QUEUE)
async def update_queue(request: Request) -> Response:
    return await routes.update(request)


@router.delete(QUEUE)
async def delete_queue(request: Request) -> Response:
    return await routes.delete(request)


@router.get(QUEUE + "/head")
async def get_head(request: Request) -> Response:
    queue, _ = await _met(request)
    limit = _limit(request, DEFAULT_HEAD, MAX_HEAD)
    items = _queues(request).head(queue.id, limit=limit)
    return exact_response(queue_head(queue, items, limit))


@router.post(QUEUE + "/head/lock")
async def lock_head(request: Request) -> Response:
    queue, client = await _met(request)
    limit, lock_secs = _limit(request, MAX_BATCH, MAX_BATCH), _lock_secs(request)
    head = await _queues(request).lock_head(queue.id, client, limit=limit, lock_secs=lock_secs)
    until = iso(head.until)
    items = [_locked(item, until, client) for item in head.items]
    shown = locked_queue_head(
        head.queue,
        items,
        limit,
        lock_secs=lock_secs,
        client=client,
        has_locked_requests=head.has_locked_requests,
    )
    return exact_response(shown, 201)


@router.get(QUEUE + "/requests")
async def list_requests(request: Request) -> Response:
    queue, _ = await _met(request)
    params, limit = Params(request), _limit(request, MAX_REQUESTS, MAX_REQUESTS)
    cursor, start, states = params.text("cursor"), params.text("exclusiveStartId"), _states(params)
    if start and (cursor or states):
        raise Invalid("invalid-parameter", "'exclusiveStartId' does not go with 'cursor' or 'filter'")
    found = await _queues(request).list_requests(queue.id, after=cursor or start, states=states, limit=limit + 1)
    page: dict[str, Any] = {"items": [_whole(item) for item in found[:limit]], "limit": limit}
    if start:
        page["exclusiveStartId"] = start
    if cursor:
        page["cursor"] = cursor
    if len(found) > limit:
        page["nextCursor"] = found[limit - 1].id
    return exact_response(page)


@router.post(QUEUE + "/requests")
async def add_request(request: Request) -> Response:
    queue, _ = await _met(request)
    draft = await read_json_exactly(request)
    outcomes = await _queues(request).add_requests(queue.id, [draft], forefront=_forefront(request))
    return data_response(_outcome(outcomes[0]), 201)


@router.post(QUEUE + "/requests/batch")
async def add_requests(request: Request) -> Response:
    queue, _ = await _met(request)
    drafts = await read_json_exactly(request)
    outcomes = await _queues(request).add_requests(queue.id, drafts, forefront=_forefront(request))
    processed = [
        {**_outcome(outcome), "uniqueKey": draft["uniqueKey"]} for outcome, draft in zip(outcomes, drafts, strict=True)
    ]
    return exact_response({"processedRequests": processed, "unprocessedRequests": []}, 201)


@router.delete(QUEUE + "/requests/batch")
async def delete_requests(request: Request) -> Response:
    """What is no longer there counts as deleted, so that a repeated call does not end in endless retries."""
    queue, _ = await _met(request)
    entries = await read_json_exactly(request)
    check_batch(entries)
    ids = [id_to_delete(entry) for entry in entries]
    await _queues(request).delete_requests(queue.id, ids)
    processed = [{**entry, "id": id} for entry, id in zip(entries, ids, strict=True)]
    return exact_response({"processedRequests": processed, "unprocessedRequests": []})


@router.post(QUEUE + "/requests/unlock")
async def unlock_requests(request: Request) -> Response:
    queue, client = await _met(request)
    return data_response({"unlockedCount": await _queues(request).unlock_requests(queue.id, client)})


@router.get(REQUEST)
async def get_request(request: Request) -> Response:
    queue, id = routes.found(request), request.path_params["request_id"]
    found = _queues(request).get_request(queue.id, id)
    if found is None:
        raise request_not_found(id)
    return exact_response(_whole(found))


@router.put(REQUEST)
async def update_request(request: Request) -> Response:
    queue, _ = await _met(request)
    fields, id = await read_json_exactly(request), request.path_params["request_id"]
    outcome = await _queues(request).update_request(queue.id, id, fields, forefront=_forefront(request))
    return data_response(_outcome(outcome))


@router.delete(REQUEST)
async def delete_request(request: Request) -> Response:
    queue, _ = await _met(request)
    id = request.path_params["request_id"]
    if not await _queues(request).delete_requests(queue.id, [id]):
        raise request_not_found(id)
    return no_content()


@router.put(REQUEST + "/lock")
async def prolong_lock(request: Request) -> Response:
    queue, client = await _met(request)
    until = await _queues(request).prolong_lock(
        queue.id,
        request.path_params["request_id"],
        client,
        lock_secs=_lock_secs(request),
        forefront=_forefront(request),
    )
    return data_response({"lockExpiresAt": iso(until)})


@router.delete(REQUEST + "/lock")
async def release_lock(request: Request) -> Response:
    queue, client = await _met(request)
    id = request.path_params["request_id"]
    await _queues(request).release_lock(queue.id, id, client, forefront=_forefront(request))
    return no_content()


def _queues(request: Request) -> RequestQueues:
    return orchestrator_of(request).request_queues


async def _met(request: Request) -> tuple[RequestQueue, QueueClient]:
    """The queue the address names, and its caller, who from now on is one of the queue's clients.

    Reading a single request is no sign of a client: Python's never says its key there. Nor is a stranger one.
    """
    queue, caller = routes.found(request), maybe_caller(request)
    if caller is None or caller.user.id != queue.user_id:
        return queue, QueueClient()
    client = QueueClient(Params(request).text("clientKey"), caller.run.id if caller.run else None)
    if await _queues(request).record_client(queue, client):
        queue = _again(request, queue)
    return queue, client


def _again(request: Request, queue: RequestQueue) -> RequestQueue:
    """The queue as it is after a change. Raises NotFound."""
    changed = _queues(request).get(queue.id)
    if changed is None:
        raise record_not_found("Request queue", queue.id)
    return changed


def _limit(request: Request, default: int, most: int) -> int:
    return min(Params(request).whole("limit") or default, most)


def _forefront(request: Request) -> bool:
    return Params(request).flag("forefront") or False


def _lock_secs(request: Request) -> float:
    secs = Params(request).number("lockSecs")
    if secs is None:
        raise Invalid("parameter-required", "Query parameter 'lockSecs' is required")
    if secs > MAX_LOCK_SECS:
        raise Invalid("invalid-parameter", f"Query parameter 'lockSecs' must be at most {MAX_LOCK_SECS}, not {secs:g}")
    return secs


def _states(params: Params) -> list[RequestState]:
    try:
        return [RequestState(name) for name in params.names("filter")]
    except ValueError as problem:
        raise Invalid("invalid-parameter", f"Query parameter 'filter': {problem}") from problem


def _outcome(outcome: Added) -> dict[str, Any]:
    return {
        "requestId": outcome.request_id,
        "wasAlreadyPresent": outcome.was_present,
        "wasAlreadyHandled": outcome.was_handled,
    }


def _locked(item: HeadItem, until: str, client: QueueClient) -> HeadItem:
    item.lock_expires_at, item.lock_by_client = until, client.key
    return item


def _whole(item: QueuedRequest) -> dict[str, Any]:
    return {**item.fields, **_lock(item)}


def _lock(item: QueuedRequest) -> dict[str, Any]:
    if item.lock_expires_at is None:
        return {}
    return {"lockExpiresAt": iso(item.lock_expires_at), "lockByClient": item.lock_by_client}
