"""Fills the default storages, a named dataset and a named queue with everything that an import must handle."""

import asyncio
from typing import Any

from apify import Actor, Request


async def main() -> None:
    async with Actor:
        await Actor.push_data([{"n": 1, "text": "ü\u2028"}, {"n": 2, "nested": {"list": [1, {"b": None}]}}])
        for n in range(3, 13):
            await Actor.push_data({"n": n})
        await (await Actor.open_dataset(name="other-data")).push_data({"x": 0.5, "big": 9007199254740991})
        await Actor.set_value("OUTPUT", {"a": ["ü"]})
        await Actor.set_value("words", "häuser")
        await Actor.set_value("page-1.html", "<p>ü</p>", content_type="text/html; charset=utf-8")
        await Actor.set_value("odd!'().key", bytes([0, 255, 254, 10]))
        await fill(await Actor.open_request_queue())
        await (await Actor.open_request_queue(name="other-queue")).add_request("http://elsewhere/")


async def fill(queue: Any) -> None:
    for n in range(1, 5):
        user_data = {"n": n, "deep": {"list": [n]}}
        await queue.add_request(Request.from_url(f"http://site/{n}", user_data=user_data))
    form = Request.from_url(
        "http://site/form", method="POST", payload="a=ü", headers={"accept": "x"}, unique_key="form"
    )
    await queue.add_request(form)
    await queue.add_request("http://site/front", forefront=True)
    await queue.add_request("http://site/very-front", forefront=True)
    await queue.mark_request_as_handled(await queue.fetch_next_request())
    failed = await queue.fetch_next_request()
    failed.retry_count = 2
    await queue.reclaim_request(failed, forefront=True)


asyncio.run(main())
