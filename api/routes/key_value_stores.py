"""/v2/key-value-stores"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import decoder
from api.params import MAX_PAGE, Params
from api.parts import parts_of
from api.records import record_response
from api.responses import data_response, json_response, no_content
from api.storages import StorageRoutes
from api.wire_storages import key_value_store, record_url
from runtime.storages.key_value_stores import KeyValueStores

router = APIRouter()
routes = StorageRoutes("key-value-stores", lambda orchestrator: orchestrator.key_value_stores, key_value_store)

STORE = "/v2/key-value-stores/{id}"
RECORD = STORE + "/records/{key:path}"
IDENTITY = "identity"


@router.post("/v2/key-value-stores")
async def create_store(request: Request) -> Response:
    return await routes.create(request)


@router.get("/v2/key-value-stores")
async def list_stores(request: Request) -> Response:
    return await routes.page(request)


@router.get(STORE)
async def get_store(request: Request) -> Response:
    return await routes.read(request)


@router.put(STORE)
async def update_store(request: Request) -> Response:
    return await routes.update(request)


@router.delete(STORE)
async def delete_store(request: Request) -> Response:
    return await routes.delete(request)


@router.get(STORE + "/keys")
async def list_keys(request: Request) -> Response:
    store, params = routes.found(request), Params(request)
    limit = min(params.whole("limit") or MAX_PAGE, MAX_PAGE)
    after = params.text("exclusiveStartKey")
    page = _stores(request).keys(store.id, after=after, prefix=params.text("prefix") or "", limit=limit)
    addresses = parts_of(request).addresses
    return data_response(
        {
            "items": [
                {"key": key.key, "size": key.size, "recordPublicUrl": record_url(store.id, key.key, addresses)}
                for key in page.keys
            ],
            "count": len(page.keys),
            "limit": limit,
            "exclusiveStartKey": after,
            "isTruncated": page.next is not None,
            "nextExclusiveStartKey": page.next,
        }
    )


@router.api_route(RECORD, methods=["GET", "HEAD"])
async def get_record(request: Request) -> Response:
    return record_response(request, routes.found(request).id, request.path_params["key"])


@router.api_route(RECORD, methods=["PUT", "POST"])
async def put_record(request: Request) -> Response:
    store, key = routes.found(request), request.path_params["key"]
    encoding = request.headers.get("content-encoding", IDENTITY).strip().lower()
    decoder(encoding)  # raises for one that nobody could be served from
    await _stores(request).put_record(
        store.id,
        key,
        request.headers.get("content-type"),
        None if encoding == IDENTITY else encoding,
        request.stream(),
    )
    return json_response({}, 201, {"Location": record_url(store.id, key, parts_of(request).addresses)})


@router.delete(RECORD)
async def delete_record(request: Request) -> Response:
    await _stores(request).delete_record(routes.found(request).id, request.path_params["key"])
    return no_content()


def _stores(request: Request) -> KeyValueStores:
    return parts_of(request).key_value_stores
