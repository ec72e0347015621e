"""/v2/datasets"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.bodies import read_body
from api.request.disconnects import while_connected
from api.response import serializers
from api.response.envelopes import data_response, json_response
from api.response.items_response import items_query, items_response
from api.routes.storage_routes import StorageRoutes, read_schema
from runtime.storages.item_schema import check_item_schema

router = Router()
datasets = StorageRoutes("datasets", lambda orchestrator: orchestrator.datasets, serializers.dataset)


@router.post("/v2/datasets")
async def create_dataset(request: Request) -> Response:
    schema = await read_schema(request)
    await asyncio.to_thread(check_item_schema, schema)
    return await datasets(request).create(schema=schema)


@router.get("/v2/datasets")
async def list_datasets(request: Request) -> Response:
    return await datasets(request).page()


@router.get("/v2/datasets/{id}")
async def get_dataset(request: Request) -> Response:
    call = datasets(request)
    dataset = call.storage()
    fields = await call.orchestrator.datasets.fields(dataset)
    return data_response({**call.presented(dataset), "fields": fields})


@router.put("/v2/datasets/{id}")
async def update_dataset(request: Request) -> Response:
    return await datasets(request).update()


@router.delete("/v2/datasets/{id}")
async def delete_dataset(request: Request) -> Response:
    return await datasets(request).delete()


@router.post("/v2/datasets/{id}/items")
async def push_items(request: Request) -> Response:
    call = datasets(request)
    dataset = call.storage()
    await call.orchestrator.datasets.push(dataset, await read_body(request))
    location = f"{call.orchestrator.addresses.public_base}/v2/datasets/{dataset.id}/items"
    return json_response({}, 201, {"Location": location})


@router.api_route("/v2/datasets/{id}/items", methods=["GET", "HEAD"])
async def list_items(request: Request) -> Response:
    call = datasets(request)
    dataset = call.storage()
    query = items_query(call.params, dataset.schema)
    return await items_response(request, call.orchestrator.datasets, dataset, query)


@router.get("/v2/datasets/{id}/statistics")
async def get_statistics(request: Request) -> Response:
    call = datasets(request)
    fields = await while_connected(request, call.orchestrator.datasets.field_statistics(call.storage()))
    return data_response({"fieldStatistics": fields})
