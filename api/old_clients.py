"""Responses to clients of HTTP/1.0, which cannot read chunks."""

from __future__ import annotations

from typing import Any

from starlette.types import Message, Send


def without_chunks(send: Send) -> Send:
    """Send a response of unknown length without chunks. The end of the connection is its end (RFC 9112, section 6.3).

    uvicorn sends chunks whatever the client's version is. `send` is a method of its cycle of a request and a response,
    whose state decides about the chunks and counts the bytes that are still to come.
    """
    cycle: Any = getattr(send, "__self__", None)
    if cycle is None:
        return send
    has_length = False

    async def send_unchunked(message: Message) -> None:
        nonlocal has_length
        if message["type"] == "http.response.start":
            has_length = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
            if not has_length:
                cycle.chunked_encoding = False
        elif not has_length:
            cycle.expected_content_length = len(message.get("body", b""))
        await send(message)

    return send_unchunked
