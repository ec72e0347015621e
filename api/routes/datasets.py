"""/v2/datasets"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.bodies import read_body
from api.request.dependencies import orchestrator_of
from api.response.dataset_items import items_response
from api.response.envelopes import data_response, json_response
from api.response.storage_serializers import dataset
from api.routes.storage_routes import StorageRoutes, read_schema
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
    await orchestrator_of(request).datasets.push(record, await read_body(request))
    location = f"{orchestrator_of(request).addresses.public_base}/v2/datasets/{record.id}/items"
    return json_response({}, 201, {"Location": location})


@router.api_route("/v2/datasets/{id}/items", methods=["GET", "HEAD"])
async def list_items(request: Request) -> Response:
    return await items_response(request, routes.found(request))


@router.get("/v2/datasets/{id}/statistics")
async def get_statistics(request: Request) -> Response:
    fields = await orchestrator_of(request).datasets.field_statistics(routes.found(request))
    return data_response({"fieldStatistics": fields})
