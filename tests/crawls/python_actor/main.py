"""Crawls a site with a named request queue and a named dataset, which other runs may share."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from apify import Actor
from apify.storage_clients import ApifyStorageClient
from apify.storage_clients._apify._request_queue_shared_client import ApifyRequestQueueSharedClient
from crawlee import ConcurrencySettings
from crawlee.crawlers import HttpCrawler, HttpCrawlingContext
from crawlee.storages import RequestQueue


async def main() -> None:
    async with Actor:
        given = await Actor.get_input()
        if given["lockSecs"]:
            hold_locks_for(timedelta(seconds=given["lockSecs"]))
        client = ApifyStorageClient(request_queue_access=given["access"])
        queue = await RequestQueue.open(name=given["name"], storage_client=client, configuration=Actor.configuration)
        dataset = await Actor.open_dataset(name=given["name"])
        concurrency = given["concurrency"]
        crawler = HttpCrawler(
            request_manager=queue,
            concurrency_settings=ConcurrencySettings(
                min_concurrency=concurrency, desired_concurrency=concurrency, max_concurrency=concurrency
            ),
        )

        @crawler.router.default_handler  # type: ignore[untyped-decorator]  # crawlee is in the image only
        async def store_page(context: HttpCrawlingContext) -> None:
            url = context.request.url
            links = re.findall(r'href="(/[^"]*)"', (await context.http_response.read()).decode())
            await context.add_requests([given["site"] + link for link in links])
            await dataset.push_data({"url": url, "run": Actor.configuration.actor_run_id})

        await crawler.run([given["site"] + "/0"])


def hold_locks_for(time: timedelta) -> None:
    """Set how long requests stay locked. The SDK has no option for it, and its 3 minutes are too long for a test."""
    ApifyRequestQueueSharedClient._DEFAULT_LOCK_TIME = time
    ApifyRequestQueueSharedClient._MIN_LOCK_TIME_AT_HANDOFF = time / 2


asyncio.run(main())
