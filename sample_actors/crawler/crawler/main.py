"""Crawls the pages, stores them and reports the progress."""

from __future__ import annotations

import asyncio
from typing import Any

from apify import Actor
from crawlee import ConcurrencySettings
from crawlee.crawlers import BasicCrawlingContext, ParselCrawler, ParselCrawlingContext

from crawler.progress import Page, Progress


async def main(progress: Progress) -> None:
    async with Actor:
        run_input: dict[str, Any] = await Actor.get_input() or {}
        start_urls = [source["url"] for source in run_input["startUrls"]]
        Actor.log.info("Crawling from %s", ", ".join(start_urls))
        progress.state = "crawling"
        await crawler(progress, run_input.get("maxPages", 20)).run(start_urls)
        progress.state = "finishing"
        await asyncio.sleep(max(0, run_input.get("minDurationSecs", 0) - progress.elapsed_secs))
        await finish(progress, start_urls)


def crawler(progress: Progress, max_pages: int) -> ParselCrawler:
    # With several requests at the same time, the page limit would not be exact.
    one_at_a_time = ConcurrencySettings(desired_concurrency=1, max_concurrency=1)
    crawler = ParselCrawler(max_requests_per_crawl=max_pages, concurrency_settings=one_at_a_time)

    @crawler.router.default_handler
    async def store_page(context: ParselCrawlingContext) -> None:
        page: Page = {
            "url": context.request.loaded_url or context.request.url,
            "title": context.selector.css("title::text").get(default="").strip(),
            "depth": context.request.crawl_depth,
            "links": len(context.selector.css("a[href]")),
        }
        await context.push_data(page)
        await context.enqueue_links(strategy="same-hostname")
        progress.add(page)
        await Actor.set_status_message(f"Crawled {progress.crawled} pages")

    @crawler.failed_request_handler
    async def count_failure(context: BasicCrawlingContext, error: Exception) -> None:
        progress.failed += 1
        Actor.log.warning("Gave up on %s: %s", context.request.url, error)

    return crawler


async def finish(progress: Progress, start_urls: list[str]) -> None:
    """Store the summary and end the Actor. The run fails if no page could be crawled."""
    summary = {
        "startUrls": start_urls,
        "crawled": progress.crawled,
        "failed": progress.failed,
        "durationSecs": round(progress.elapsed_secs, 1),
    }
    await Actor.set_value("OUTPUT", summary)
    if progress.crawled:
        await Actor.exit(status_message=f"Crawled {progress.crawled} pages, {progress.failed} failed")
    await Actor.fail(status_message="Not one page could be crawled")
