"""Prints the content of the default storages, as the SDK reads it, as JSON."""

import asyncio
import json
from base64 import b64encode

from apify import Actor


async def main() -> None:
    async with Actor:
        items = (await (await Actor.open_dataset()).get_data()).items
        store = await Actor.open_key_value_store()
        records = {}
        async for info in store.iterate_keys():
            if not info.key.startswith("__RQ_STATE_"):
                value = await store.get_value(info.key)
                is_binary = isinstance(value, bytes)
                records[info.key] = {"bytes": b64encode(value).decode()} if is_binary else value
        queue = await Actor.open_request_queue()
        metadata = await queue.get_metadata()
        counts = {"total": metadata.total_request_count, "handled": metadata.handled_request_count}
        pending = []
        while request := await queue.fetch_next_request():
            payload = request.payload.decode() if request.payload else None
            seen = {"uniqueKey": request.unique_key, "url": request.url, "method": request.method}
            seen |= {"retryCount": request.retry_count, "n": request.user_data.get("n"), "payload": payload}
            pending.append(seen)
            await queue.mark_request_as_handled(request)
        input = await Actor.get_input()
        head = [request["url"] for request in pending]
        seen = {"input": input, "head": head, "items": items, "records": records, **counts, "pending": pending}
        print("SEEN " + json.dumps(seen))


asyncio.run(main())
