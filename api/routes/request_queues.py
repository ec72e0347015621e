"""/v2/request-queues"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.params import Params
from api.response import serializers
from api.response.envelopes import data_response, no_content
from api.routes.storage_routes import StorageCall, StorageRoutes, exact_response, read_json_exactly
from runtime.base.clock import iso
from runtime.base.errors import Invalid, record_not_found
from runtime.base.records import QueueClient, RequestQueue, RequestState
from runtime.storages.request_queues import MAX_BATCH, ids_to_delete, request_not_found

router = Router()
queues = StorageRoutes("request-queues", lambda orchestrator: orchestrator.request_queues, serializers.request_queue)

QUEUE = "/v2/request-queues/{id}"
REQUEST = QUEUE + "/requests/{request_id}"
DEFAULT_HEAD = 100
MAX_HEAD = 1000
MAX_REQUESTS = 10_000
MAX_LOCK_SECS = 86_400
"""The platform documents no maximum. No client works on one request for longer than a day."""


@router.post("/v2/request-queues")
async def create_queue(request: Request) -> Response:
    return await queues(request).create()


@router.get("/v2/request-queues")
async def list_queues(request: Request) -> Response:
    return await queues(request).page()


@router.get(QUEUE)
async def get_queue(request: Request) -> Response:
    return await queues(request).read()


@router.put(QUEUE)
async def update_queue(request: Request) -> Response:
    return await queues(request).update()


@router.delete(QUEUE)
async def delete_queue(request: Request) -> Response:
    return await queues(request).delete()


@router.get(QUEUE + "/head")
async def get_head(request: Request) -> Response:
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    limit = _limit(call.params, DEFAULT_HEAD, MAX_HEAD)
    items = call.orchestrator.request_queues.head(queue.id, limit=limit)
    return exact_response(serializers.queue_head(queue, items, limit))


@router.post(QUEUE + "/head/lock")
async def lock_head(request: Request) -> Response:
    call = queues(request)
    queue, client = await _queue_and_client(call)
    limit, lock_secs = _limit(call.params, MAX_BATCH, MAX_BATCH), _lock_secs(call.params)
    head = await call.orchestrator.request_queues.lock_head(queue.id, client, limit=limit, lock_secs=lock_secs)
    return exact_response(serializers.locked_queue_head(head, client, limit=limit, lock_secs=lock_secs), 201)


@router.get(QUEUE + "/requests")
async def list_requests(request: Request) -> Response:
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    params, limit = call.params, _limit(call.params, MAX_REQUESTS, MAX_REQUESTS)
    cursor, start, states = params.text("cursor"), params.text("exclusiveStartId"), _states(params)
    if start and (cursor or states):
        raise Invalid("invalid-parameter", "'exclusiveStartId' cannot be combined with 'cursor' or 'filter'")
    requests = call.orchestrator.request_queues
    found = await requests.list_requests(queue.id, after=cursor or start, states=states, limit=limit)
    items = [serializers.queued_request(item) for item in found.requests]
    page: dict[str, Any] = {"items": items, "limit": limit}
    if start:
        page["exclusiveStartId"] = start
    if cursor:
        page["cursor"] = cursor
    if found.has_more:
        page["nextCursor"] = found.requests[-1].id
    return exact_response(page)


@router.post(QUEUE + "/requests")
async def add_request(request: Request) -> Response:
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    draft, requests = await read_json_exactly(request), call.orchestrator.request_queues
    outcome = await requests.add_request(queue.id, draft, forefront=_forefront(call.params))
    return data_response(serializers.processed_request(outcome), 201)


@router.post(QUEUE + "/requests/batch")
async def add_requests(request: Request) -> Response:
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    drafts, requests = await read_json_exactly(request), call.orchestrator.request_queues
    outcomes = await requests.add_requests(queue.id, drafts, forefront=_forefront(call.params))
    processed = [
        {**serializers.processed_request(outcome), "uniqueKey": draft["uniqueKey"]}
        for outcome, draft in zip(outcomes, drafts, strict=True)
    ]
    return exact_response({"processedRequests": processed, "unprocessedRequests": []}, 201)


@router.delete(QUEUE + "/requests/batch")
async def delete_requests(request: Request) -> Response:
    """A request that does not exist counts as deleted. Otherwise clients would retry a repeated call forever."""
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    entries = await read_json_exactly(request)
    ids = ids_to_delete(entries)
    await call.orchestrator.request_queues.delete_requests(queue.id, ids)
    processed = [{**entry, "id": id} for entry, id in zip(entries, ids, strict=True)]
    return exact_response({"processedRequests": processed, "unprocessedRequests": []})


@router.post(QUEUE + "/requests/unlock")
async def unlock_requests(request: Request) -> Response:
    call = queues(request)
    queue, client = await _queue_and_client(call)
    return data_response({"unlockedCount": await call.orchestrator.request_queues.unlock_requests(queue.id, client)})


@router.get(REQUEST)
async def get_request(request: Request) -> Response:
    call = queues(request)
    queue, id = call.storage(), request.path_params["request_id"]
    found = call.orchestrator.request_queues.get_request(queue.id, id)
    if found is None:
        raise request_not_found(id)
    return exact_response(serializers.queued_request(found))


@router.put(REQUEST)
async def update_request(request: Request) -> Response:
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    fields, id = await read_json_exactly(request), request.path_params["request_id"]
    forefront = _forefront(call.params)
    outcome = await call.orchestrator.request_queues.update_request(queue.id, id, fields, forefront=forefront)
    return data_response(serializers.processed_request(outcome))


@router.delete(REQUEST)
async def delete_request(request: Request) -> Response:
    call = queues(request)
    queue, _ = await _queue_and_client(call)
    id = request.path_params["request_id"]
    if not await call.orchestrator.request_queues.delete_requests(queue.id, [id]):
        raise request_not_found(id)
    return no_content()


@router.put(REQUEST + "/lock")
async def prolong_lock(request: Request) -> Response:
    call = queues(request)
    queue, client = await _queue_and_client(call)
    lock_secs, forefront = _lock_secs(call.params), _forefront(call.params)
    until = await call.orchestrator.request_queues.prolong_lock(
        queue.id, request.path_params["request_id"], client, lock_secs=lock_secs, forefront=forefront
    )
    return data_response({"lockExpiresAt": iso(until)})


@router.delete(REQUEST + "/lock")
async def release_lock(request: Request) -> Response:
    call = queues(request)
    queue, client = await _queue_and_client(call)
    id, forefront = request.path_params["request_id"], _forefront(call.params)
    await call.orchestrator.request_queues.release_lock(queue.id, id, client, forefront=forefront)
    return no_content()


async def _queue_and_client(call: StorageCall[RequestQueue]) -> tuple[RequestQueue, QueueClient]:
    """The queue that the path names, and the queue client that makes the request. The client is recorded.

    Requests of other users do not count as a client, and reading a single request does not either: the Python client
    does not send its key there.
    """
    queue, caller, service = call.storage(), call.caller, call.orchestrator.request_queues
    if caller is None or caller.user.id != queue.user_id:
        return queue, QueueClient()
    client = QueueClient(call.params.text("clientKey"), caller.run.id if caller.run else None)
    if await service.record_client(queue, client):
        changed = service.get(queue.id)
        if changed is None:
            raise record_not_found("Request queue", queue.id)
        queue = changed
    return queue, client


def _limit(params: Params, default: int, most: int) -> int:
    return min(params.integer("limit") or default, most)


def _forefront(params: Params) -> bool:
    return params.flag("forefront") or False


def _lock_secs(params: Params) -> float:
    secs = params.number("lockSecs")
    if secs is None:
        raise Invalid("parameter-required", "Query parameter 'lockSecs' is required")
    if secs > MAX_LOCK_SECS:
        raise Invalid("invalid-parameter", f"Query parameter 'lockSecs' must be at most {MAX_LOCK_SECS}, not {secs:g}")
    return secs


def _states(params: Params) -> list[RequestState]:
    try:
        return [RequestState(name) for name in params.texts("filter")]
    except ValueError as problem:
        raise Invalid("invalid-parameter", f"Query parameter 'filter': {problem}") from problem
