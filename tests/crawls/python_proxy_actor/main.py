"""Crawls a site through Apify Proxy, with the crawler or the HTTP client that the input names."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from apify import Actor
from crawlee import ConcurrencySettings


async def main() -> None:
    async with Actor:
        given = await Actor.get_input()
        proxy = await Actor.create_proxy_configuration(groups=given.get("groups"))
        await {"parsel": with_parsel, "httpx": with_httpx, "playwright": with_playwright}[given["with"]](given, proxy)


async def with_parsel(given: dict[str, Any], proxy: Any) -> None:
    from crawlee.crawlers import ParselCrawler

    concurrency = given["concurrency"]
    crawler = ParselCrawler(
        proxy_configuration=proxy,
        concurrency_settings=ConcurrencySettings(
            min_concurrency=concurrency, desired_concurrency=concurrency, max_concurrency=concurrency
        ),
    )

    @crawler.router.default_handler  # type: ignore[untyped-decorator]  # crawlee is in the image only
    async def store_page(context: Any) -> None:
        await context.push_data({"url": context.request.url})
        await context.add_requests([given["site"] + link for link in context.selector.css("a::attr(href)").getall()])

    await crawler.run([given["site"] + "/0"])


async def with_playwright(given: dict[str, Any], proxy: Any) -> None:
    from crawlee.crawlers import PlaywrightCrawler

    crawler = PlaywrightCrawler(proxy_configuration=proxy, max_requests_per_crawl=given["pages"])

    @crawler.router.default_handler  # type: ignore[untyped-decorator]
    async def store_page(context: Any) -> None:
        await context.push_data({"url": context.request.url, "title": await context.page.title()})
        links = re.findall(r'href="(/[^"]*)"', await context.page.content())
        await context.add_requests([given["site"] + link for link in links])

    await crawler.run([given["site"] + "/0"])


async def with_httpx(given: dict[str, Any], proxy: Any) -> None:
    import httpx

    for number in range(given["pages"]):
        async with httpx.AsyncClient(proxy=await proxy.new_url(session_id=f"session{number % 3}")) as client:
            response = await client.get(f"{given['site']}/{number}")
            await Actor.push_data({"url": str(response.url), "status": response.status_code})


asyncio.run(main())
