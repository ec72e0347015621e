"""A web server that shows what reaches a container: echo, streams in both directions, events and WebSockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from aiohttp import ClientSession, WSMsgType, web


@dataclass
class Upload:
    """How much of the latest body sent to /count has arrived."""

    bytes: int = 0
    pieces: int = 0
    done: bool = False


LATEST_UPLOAD = web.AppKey("latest_upload", Upload)
FINISHED = web.AppKey("finished", asyncio.Event)


async def main() -> None:
    app = web.Application()
    app[LATEST_UPLOAD] = Upload()
    app[FINISHED] = finished = asyncio.Event()
    app.add_routes(
        [
            web.get("/stream", stream),
            web.get("/events", events),
            web.get("/ws", echo_socket),
            web.get("/count", show_count),
            web.route("*", "/count", count),
            web.route("*", "/status/{code:[2-5][0-9][0-9]}", answer_with_status),
            web.route("*", "/exit", end),
            web.route("*", "/{path:.*}", echo),
        ]
    )
    # If a client disconnects during a stream, its handler is cancelled without an error.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
    await runner.setup()
    port = int(os.environ["ACTOR_WEB_SERVER_PORT"])
    await web.TCPSite(runner, port=port).start()
    print(f"Listening on port {port}, seen from outside as {os.environ.get('ACTOR_WEB_SERVER_URL')}", flush=True)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, finished.set)
    with suppress(TimeoutError):
        await asyncio.wait_for(finished.wait(), await max_secs() or None)
    await runner.cleanup()
    print("The web server has closed", flush=True)


async def echo(request: web.Request) -> web.Response:
    """Return the request itself, and the length and SHA-256 of its body."""
    digest, length = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        digest.update(piece)
        length += len(piece)
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    path, _, query = request.raw_path.partition("?")
    received = {
        "method": request.method,
        "path": path,
        "query": query,
        "headers": {name: ", ".join(values) for name, values in headers.items()},
        "bodyLength": length,
        "bodySha256": digest.hexdigest(),
    }
    return web.json_response(received)


async def stream(request: web.Request) -> web.StreamResponse:
    """Send `?pieces=` lines, each as a chunk of its own, with a pause of `?intervalSecs=`."""
    numbers = pulse(request, "pieces")
    response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    async for number in numbers:
        await response.write(f"piece {number}\n".encode())
    await response.write_eof()
    return response


async def events(request: web.Request) -> web.StreamResponse:
    """Send `?events=` server-sent events, with a pause of `?intervalSecs=`."""
    numbers = pulse(request, "events")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    async for number in numbers:
        await response.write(f"id: {number}\nevent: tick\ndata: {json.dumps({'number': number})}\n\n".encode())
    await response.write_eof()
    return response


def pulse(request: web.Request, amount: str) -> AsyncIterator[int]:
    """Yield numbers from 1 with the request's pause between them. Invalid parameters return 400."""
    try:
        return beat(int(request.query.get(amount, "5")), float(request.query.get("intervalSecs", "0.2")))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from error


async def beat(total: int, interval_secs: float) -> AsyncIterator[int]:
    for number in range(1, total + 1):
        yield number
        await asyncio.sleep(interval_secs)


async def echo_socket(request: web.Request) -> web.WebSocketResponse:
    """Return every text and binary message unchanged."""
    socket = web.WebSocketResponse(max_msg_size=0)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


async def count(request: web.Request) -> web.Response:
    """Count a body while it arrives, so that GET /count can show the progress."""
    upload = request.app[LATEST_UPLOAD]
    upload.bytes, upload.pieces, upload.done = 0, 0, False
    async for piece in request.content.iter_any():
        upload.bytes += len(piece)
        upload.pieces += 1
    upload.done = True
    return web.json_response(asdict(upload))


async def show_count(request: web.Request) -> web.Response:
    return web.json_response(asdict(request.app[LATEST_UPLOAD]))


async def answer_with_status(request: web.Request) -> web.Response:
    code = int(request.match_info["code"])
    return web.Response(status=code, text=f"status {code}\n")


async def end(request: web.Request) -> web.Response:
    request.app[FINISHED].set()
    return web.Response(text="The Actor ends now\n")


async def max_secs() -> float:
    """Return the maximum time to serve, from the run's input. 0 means no maximum."""
    default = 300.0
    store = os.environ.get("ACTOR_DEFAULT_KEY_VALUE_STORE_ID")
    if store is None:  # a container started by hand
        return default
    url = f"{os.environ['APIFY_API_BASE_URL']}/v2/key-value-stores/{store}/records/{os.environ['ACTOR_INPUT_KEY']}"
    headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}"}
    async with ClientSession() as session, session.get(url, headers=headers) as response:
        if response.status == 404:
            return default
        response.raise_for_status()
        return float((await response.json()).get("maxSecs", default))


asyncio.run(main())
