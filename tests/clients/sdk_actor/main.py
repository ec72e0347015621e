"""An Actor that uses the Python SDK as typical Actors do. The input sets how it ends."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import websockets
from apify import Actor, Event

ITEMS = 300
FRAMES = 2


async def main() -> None:
    async with Actor:
        print("First line of user code", flush=True)
        given = await Actor.get_input()
        results = {
            "input": given,
            "queue": await use_queue(),
            "value": await use_store(),
            "missing": await Actor.get_value("no-such-key"),
            "frames": await frames(),
            "event": await system_info(),
        }
        await Actor.push_data([{"number": number, "note": "a note of some length"} for number in range(ITEMS)])
        await Actor.set_status_message("Half way")
        await Actor.set_value("OUTPUT", results)
        await end(given["end"])


async def use_queue() -> dict[str, Any]:
    queue = await Actor.open_request_queue()
    await queue.add_requests([f"http://site.test/{number}" for number in range(30)])
    fetched = await queue.fetch_next_request()
    again = await queue.add_request(fetched)
    handled = await queue.mark_request_as_handled(fetched)
    reclaimed = await queue.fetch_next_request()
    await queue.reclaim_request(reclaimed)
    return {
        "fetched": fetched.url,
        "again": again.was_already_present,
        "handled": handled.unique_key == fetched.unique_key,
        "isFinished": await queue.is_finished(),
    }


async def use_store() -> Any:
    await Actor.set_value("state", {"letters": "ž" * 2000})
    return await Actor.get_value("state")


async def frames() -> list[Any]:
    """Return the events as they arrive on the socket, before the SDK parses them."""
    async with websockets.connect(os.environ["ACTOR_EVENTS_WEBSOCKET_URL"]) as socket:
        return [json.loads(await socket.recv()) for _ in range(FRAMES)]


async def system_info() -> str:
    """Return the type of an event that the SDK parsed."""
    received: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def receive(data: Any) -> None:
        if not received.done():
            received.set_result(type(data).__name__)

    Actor.on(Event.SYSTEM_INFO, receive)
    return await received


async def end(how: str) -> None:
    if how == "fail":
        await Actor.fail(status_message="Gave up")
    if how == "raise":
        raise ValueError("Nobody catches this")
    await Actor.exit(status_message="All done")


asyncio.run(main())
