"""/v2/datasets"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_body
from api.items import items_response
from api.parts import parts_of
from api.responses import data_response, json_response
from api.storages import StorageRoutes, read_schema
from api.wire_storages import dataset
from runtime.storages.item_schema import item_schema

router = APIRouter()
routes = StorageRoutes("datasets", lambda orchestrator: orchestrator.datasets, dataset)


@router.post("/v2/datasets")
async def create_dataset(request: Request) -> Response:
    schema = await read_schema(request)
    item_schema(schema)  # raises for one that could not be held to
    return await routes.create(request, schema=schema)


@router.get("/v2/datasets")
async def list_datasets(request: Request) -> Response:
    return await routes.page(request)


@router.get("/v2/datasets/{id}")
async def get_dataset(request: Request) -> Response:
    return await routes.read(request)


@router.put("/v2/datasets/{id}")
async def update_dataset(request: Request) -> Response:
    return await routes.update(request)


@router.delete("/v2/datasets/{id}")
async def delete_dataset(request: Request) -> Response:
    return await routes.delete(request)


@router.post("/v2/datasets/{id}/items")
async def push_items(request: Request) -> Response:
    record = routes.found(request)
    await parts_of(request).datasets.push(record, await read_body(request))
    location = f"{parts_of(request).addresses.public_base}/v2/datasets/{record.id}/items"
    return json_response({}, 201, {"Location": location})


@router.api_route("/v2/datasets/{id}/items", methods=["GET", "HEAD"])
async def list_items(request: Request) -> Response:
    return await items_response(request, routes.found(request))


@router.get("/v2/datasets/{id}/statistics")
async def get_statistics(request: Request) -> Response:
    fields = await parts_of(request).datasets.field_statistics(routes.found(request))
    return data_response({"fieldStatistics": fields})
