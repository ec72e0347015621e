"""Greenroom's own storages behind ordinary FastAPI handlers, with which its routes are compared.

`python -m benchmarks.storages.plain_fastapi DATA_DIR` prints its port when it listens.
"""

from __future__ import annotations

import asyncio
import csv
import io
import socket
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import uvicorn
import uvloop
from fastapi import Body, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import Response, StreamingResponse
from xlsxwriter import Workbook

from runtime.access.users import Users
from runtime.base.clock import SystemClock
from runtime.base.json_text import dumps, loads
from runtime.base.records import QueueClient
from runtime.database import Database
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StorageServices:
    """Greenroom's storages on a data directory, without the rest of the orchestrator."""

    def __init__(self, data_dir: Path) -> None:
        database, clock = Database(data_dir), SystemClock()
        self.users = Users(database, {}, clock)
        self.datasets = Datasets(database, clock)
        self.queues = RequestQueues(database, clock)
        self.key_value_stores = KeyValueStores(database, clock)


async def user_id(request: Request, authorization: Annotated[str, Header()]) -> str:
    storages: StorageServices = request.app.state.storages
    return storages.users.authenticate(authorization.removeprefix("Bearer "))[0].id


User = Annotated[str, Depends(user_id)]


def application(storages: StorageServices) -> FastAPI:
    app = FastAPI()
    app.state.storages = storages
    add_dataset_routes(app, storages.datasets)
    add_queue_routes(app, storages.queues)
    add_store_routes(app, storages.key_value_stores)
    return app


def add_dataset_routes(app: FastAPI, datasets: Datasets) -> None:
    @app.post("/v2/datasets", status_code=201)
    async def create_dataset(user: User, name: str | None = None) -> dict[str, Any]:
        return {"data": {"id": (await datasets.get_or_create(user, name))[0].id}}

    @app.post("/v2/datasets/{id}/items", status_code=201)
    async def push(id: str, user: User, items: Annotated[list[dict[str, Any]], Body()]) -> dict[str, Any]:
        await datasets.push(datasets.find(user, id), msgspec.json.encode(items))
        return {}

    async def stored_items(user: str, id: str, offset: int, limit: int | None) -> list[dict[str, Any]]:
        found = datasets.items(datasets.find(user, id), offset=offset, limit=limit, desc=False)
        return [msgspec.json.decode(line) async for lines in found.chunks() for line in lines]

    @app.get("/v2/datasets/{id}/items")
    async def page(id: str, user: User, offset: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        return await stored_items(user, id, offset, limit)

    @app.get("/v2/datasets/{id}/export")
    async def export(id: str, user: User, format: str) -> Response:
        return EXPORTS[format](await stored_items(user, id, 0, None))


def add_queue_routes(app: FastAPI, queues: RequestQueues) -> None:
    @app.post("/v2/request-queues", status_code=201)
    async def create_queue(user: User, name: str | None = None) -> dict[str, Any]:
        return {"data": {"id": (await queues.get_or_create(user, name))[0].id}}

    @app.post("/v2/request-queues/{id}/requests/batch", status_code=201)
    async def add(id: str, user: User, drafts: Annotated[list[dict[str, Any]], Body()]) -> dict[str, Any]:
        added = await queues.add_requests(queues.find(user, id).id, drafts, forefront=False)
        processed = [{"requestId": each.request_id, "wasAlreadyPresent": each.was_present} for each in added]
        return {"data": {"processedRequests": processed, "unprocessedRequests": []}}

    @app.get("/v2/request-queues/{id}/head")
    async def head(id: str, user: User, limit: int = 100) -> dict[str, Any]:
        found = queues.head(queues.find(user, id).id, limit=limit)
        return {"data": {"limit": limit, "items": loads(dumps(found))}}

    @app.post("/v2/request-queues/{id}/head/lock", status_code=201)
    async def lock(id: str, user: User, lockSecs: float, limit: int = 25) -> dict[str, Any]:
        client = QueueClient("client", None)
        queue = queues.find(user, id)
        found = await queues.lock_head(queue.id, client, limit=limit, lock_secs=lockSecs)
        return {"data": {"limit": limit, "items": loads(dumps(found.items))}}

    @app.put("/v2/request-queues/{id}/requests/{request_id}")
    async def update(id: str, request_id: str, user: User, fields: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        queue = queues.find(user, id)
        updated = await queues.update_request(queue.id, request_id, fields, forefront=False)
        return {"data": {"requestId": updated.request_id, "wasAlreadyHandled": updated.was_handled}}


def add_store_routes(app: FastAPI, stores: KeyValueStores) -> None:
    @app.post("/v2/key-value-stores", status_code=201)
    async def create_store(user: User, name: str | None = None) -> dict[str, Any]:
        return {"data": {"id": (await stores.get_or_create(user, name))[0].id}}

    @app.put("/v2/key-value-stores/{id}/records/{key}", status_code=201)
    async def put(id: str, key: str, user: User, request: Request) -> dict[str, Any]:
        store = stores.find(user, id)
        content_type = request.headers["content-type"]
        await stores.set_record_stream(store.id, key, content_type, None, request.stream())
        return {}

    @app.get("/v2/key-value-stores/{id}/records/{key}")
    async def get(id: str, key: str, user: User) -> Response:
        record = stores.get_record(stores.find(user, id).id, key)
        if record is None:
            raise HTTPException(404)
        return StreamingResponse(record.chunks(), media_type=record.info.content_type)


def export_csv(items: list[dict[str, Any]]) -> Response:
    output = io.StringIO()
    writer = csv.DictWriter(output, items[0])
    writer.writeheader()
    writer.writerows(items)
    return Response(output.getvalue(), media_type="text/csv")


def export_xlsx(items: list[dict[str, Any]]) -> Response:
    output = io.BytesIO()
    with Workbook(output, {"strings_to_urls": False, "strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, items[0])
        for number, item in enumerate(items, start=1):
            sheet.write_row(number, 0, [value if isinstance(value, float) else str(value) for value in item.values()])
    return Response(output.getvalue(), media_type=XLSX)


EXPORTS = {"csv": export_csv, "xlsx": export_xlsx}


async def serve(data_dir: Path) -> None:
    storages = StorageServices(data_dir)
    await storages.users.open()
    config = uvicorn.Config(application(storages), log_level="error", access_log=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
