"""/v2/key-value-stores"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.request.bodies import decoder, read_body
from api.request.dependencies import orchestrator_of
from api.request.params import MAX_PAGE, Params
from api.response.envelopes import data_response, json_response, no_content
from api.response.record_archive import record_archive
from api.response.storage_serializers import key_value_store
from api.response.stored_records import record_response
from api.routes.storage_routes import StorageRoutes, read_schema
from runtime.base.records import KeyRange, KeyValueStore
from runtime.storages import key_schema
from runtime.storages.key_value_stores import DEFAULT_CONTENT_TYPE, KeyValueStores

router = APIRouter()
routes = StorageRoutes("key-value-stores", lambda orchestrator: orchestrator.key_value_stores, key_value_store)

STORE = "/v2/key-value-stores/{id}"
RECORD = STORE + "/records/{key:path}"
IDENTITY = "identity"


@router.post("/v2/key-value-stores")
async def create_store(request: Request) -> Response:
    schema = await read_schema(request)
    key_schema.collections(schema)  # raises for one that could not be held to
    return await routes.create(request, schema=schema)


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
    page = _stores(request).keys(store.id, after=after, within=_asked_for(request, store), limit=limit)
    links = routes.links(request, store)
    return data_response(
        {
            "items": [
                {"key": key.key, "size": key.size, "recordPublicUrl": links.record(store, key.key)} for key in page.keys
            ],
            "count": len(page.keys),
            "limit": limit,
            "exclusiveStartKey": after,
            "isTruncated": page.next_start_key is not None,
            "nextExclusiveStartKey": page.next_start_key,
        }
    )


@router.get(STORE + "/records")
async def get_records(request: Request) -> Response:
    """All records, or those of a collection or with a prefix, as a ZIP archive."""
    store = routes.found(request)
    archive = record_archive(
        _stores(request), store.id, _asked_for(request, store), orchestrator_of(request).clock.now()
    )
    headers = {"Content-Disposition": f'attachment; filename="{store.name or store.id}.zip"'}
    return StreamingResponse(archive, headers=headers, media_type="application/zip")


@router.api_route(RECORD, methods=["GET", "HEAD"])
async def get_record(request: Request) -> Response:
    return record_response(request, routes.found(request).id, request.path_params["key"])


@router.api_route(RECORD, methods=["PUT", "POST"])
async def put_record(request: Request) -> Response:
    store, key, kind = routes.found(request), request.path_params["key"], request.headers.get("content-type")
    encoding = request.headers.get("content-encoding", IDENTITY).strip().lower()
    decoder(encoding)  # raises for one that nobody could be served from
    collection = key_schema.collection_of_key(store.schema, key)
    if collection is not None:
        key_schema.check_content_type(collection, key, kind or DEFAULT_CONTENT_TYPE)
    if collection is not None and key_schema.needs_value(collection, kind or DEFAULT_CONTENT_TYPE):
        body = await read_body(request)
        key_schema.check_value(collection, key, body)
        await _stores(request).set_record(store.id, key, body, kind or DEFAULT_CONTENT_TYPE)
    else:
        encoded = None if encoding == IDENTITY else encoding
        await _stores(request).set_record_stream(store.id, key, kind, encoded, request.stream())
    return json_response({}, 201, {"Location": routes.links(request, store).record(store, key)})


@router.delete(RECORD)
async def delete_record(request: Request) -> Response:
    await _stores(request).delete_record(routes.found(request).id, request.path_params["key"])
    return no_content()


def _asked_for(request: Request, store: KeyValueStore) -> KeyRange:
    """The keys that the query asks for, by prefix, collection or both. Raises Invalid."""
    params = Params(request)
    keys, name = KeyRange.with_prefix(params.text("prefix") or ""), params.text("collection")
    return keys if name is None else keys & key_schema.collection(store.schema, name).keys


def _stores(request: Request) -> KeyValueStores:
    return orchestrator_of(request).key_value_stores
