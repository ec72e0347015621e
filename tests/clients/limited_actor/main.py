"""Tries allowed and forbidden operations in a run with limited permissions. The output contains their results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from apify import Actor, Webhook
from apify_client.errors import ApifyApiError


async def main() -> None:
    async with Actor:
        given = await Actor.get_input()
        await Actor.push_data({"own": True})
        queue = await Actor.open_request_queue()
        await queue.add_request("http://site.test/")
        source = await Actor.open_dataset(name=given["source"])
        client = Actor.apify_client
        results = {
            "cacheBefore": await use_cache(given["name"]),
            "source": await items(source),
            "writeSource": await error_of(source.push_data({"mine": True})),
            "openForeign": await error_of(Actor.open_dataset(name=given["foreign"])),
            "listDatasets": await error_of(client.datasets().list()),
            "user": (await client.user().get()).username,
            "webhook": await error_of(Actor.add_webhook(Webhook(["ACTOR.RUN.FAILED"], "http://localhost:1/"))),
            "called": await call(given["limited"]),
            "callFull": await error_of(Actor.call(given["full"])),
            "abortOther": await error_of(Actor.abort(given["otherRun"])),
        }
        await Actor.set_value("OUTPUT", results)


async def use_cache(name: str) -> list[int]:
    """Return how much the previous runs stored in the named storages, and add an item, a record and a request."""
    dataset = await Actor.open_dataset(name=name)
    store = await Actor.open_key_value_store(name=name)
    queue = await Actor.open_request_queue(name=name)
    before = await items(dataset)
    requests = (await queue.get_metadata()).total_request_count
    await dataset.push_data({"run": len(before)})
    await queue.add_request(f"http://site.test/{requests}")
    runs = await store.get_value("runs") or 0
    await store.set_value("runs", runs + 1)
    return [len(before), runs, requests]


async def call(target: str) -> Any:
    run = await Actor.call(target)
    dataset = await Actor.open_dataset(id=run.default_dataset_id)
    return [item["greeting"] for item in await items(dataset)]


async def items(dataset: Any) -> list[Any]:
    page: list[Any] = (await dataset.get_data()).items
    return page


async def error_of(attempt: Awaitable[Any]) -> list[Any] | None:
    """Return the status code and type of the API's error, or None if the attempt succeeded."""
    try:
        await attempt
    except ApifyApiError as problem:
        return [problem.status_code, problem.type]
    return None


asyncio.run(main())
