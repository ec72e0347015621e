"""/v2/key-value-stores"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.lazy_routes import Router
from api.request.bodies import IDENTITY, read_body, verified
from api.request.params import MAX_PAGE, Params
from api.response import serializers
from api.response.envelopes import data_response, json_response, no_content
from api.response.record_archive import record_archive
from api.response.record_response import record_response
from api.routes.storage_routes import StorageRoutes, read_schema
from runtime.base.records import KeyRange, KeyValueStore
from runtime.storages import key_schema
from runtime.storages.key_value_stores import DEFAULT_CONTENT_TYPE

router = Router()
stores = StorageRoutes(
    "key-value-stores", lambda orchestrator: orchestrator.key_value_stores, serializers.key_value_store
)

STORE = "/v2/key-value-stores/{id}"
RECORD = STORE + "/records/{key:path}"


@router.post("/v2/key-value-stores")
async def create_store(request: Request) -> Response:
    schema = await read_schema(request)
    await asyncio.to_thread(key_schema.check_collections, schema)
    return await stores(request).create(schema=schema)


@router.get("/v2/key-value-stores")
async def list_stores(request: Request) -> Response:
    return await stores(request).page()


@router.get(STORE)
async def get_store(request: Request) -> Response:
    return await stores(request).read()


@router.put(STORE)
async def update_store(request: Request) -> Response:
    return await stores(request).update()


@router.delete(STORE)
async def delete_store(request: Request) -> Response:
    return await stores(request).delete()


@router.get(STORE + "/keys")
async def list_keys(request: Request) -> Response:
    call = stores(request)
    store, params = call.storage(), call.params
    limit, after = min(params.integer("limit") or MAX_PAGE, MAX_PAGE), params.text("exclusiveStartKey")
    within = _key_range(params, store)
    page = call.orchestrator.key_value_stores.keys(store.id, after=after, within=within, limit=limit)
    return data_response(serializers.key_page(page, store, call.links(store), after=after, limit=limit))


@router.get(STORE + "/records")
async def get_records(request: Request) -> Response:
    """All records, or those of a collection or with a prefix, as a ZIP archive."""
    call = stores(request)
    store, orchestrator = call.storage(), call.orchestrator
    within = _key_range(call.params, store)
    archive = record_archive(orchestrator.key_value_stores, store.id, within, orchestrator.clock.now())
    headers = {"Content-Disposition": f'attachment; filename="{store.name or store.id}.zip"'}
    return StreamingResponse(archive, headers=headers, media_type="application/zip")


@router.api_route(RECORD, methods=["GET", "HEAD"])
async def get_record(request: Request) -> Response:
    call = stores(request)
    store, key = call.storage(), request.path_params["key"]
    return await record_response(call.orchestrator.key_value_stores, store.id, key, request, call.params)


@router.api_route(RECORD, methods=["PUT", "POST"])
async def put_record(request: Request) -> Response:
    call = stores(request)
    store, key, content_type = call.storage(), request.path_params["key"], request.headers.get("content-type")
    encoding = request.headers.get("content-encoding", "").strip().lower() or IDENTITY
    body = request.stream() if encoding == IDENTITY else verified(request, encoding)
    records, collection = call.orchestrator.key_value_stores, key_schema.collection_of_key(store.schema, key)
    if collection is not None:
        key_schema.check_content_type(collection, key, content_type or DEFAULT_CONTENT_TYPE)
    if collection is not None and key_schema.needs_value(collection, content_type or DEFAULT_CONTENT_TYPE):
        value = await read_body(request)
        await key_schema.check_value(collection, key, value)
        await records.set_record(store.id, key, value, content_type or DEFAULT_CONTENT_TYPE)
    else:
        encoded = None if encoding == IDENTITY else encoding
        await records.set_record_stream(store.id, key, content_type, encoded, body)
    return json_response({}, 201, {"Location": call.links(store).record(store, key)})


@router.delete(RECORD)
async def delete_record(request: Request) -> Response:
    call = stores(request)
    await call.orchestrator.key_value_stores.delete_record(call.storage().id, request.path_params["key"])
    return no_content()


def _key_range(params: Params, store: KeyValueStore) -> KeyRange:
    """The keys that the query selects, by prefix, by collection, or by both. Raises Invalid."""
    keys, name = KeyRange.with_prefix(params.text("prefix") or ""), params.text("collection")
    return keys if name is None else keys & key_schema.collection(store.schema, name).keys
