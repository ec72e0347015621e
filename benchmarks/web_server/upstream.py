"""A fast web server without dependencies, which runs in a container. It answers heads that arrive in one piece."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import time
from typing import cast

SMALL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n" + b"x" * 100
PIECE = b"x" * 262_144
EVENT_SECS = 0.01
KEY_START, GUID = b"sec-websocket-key: ", b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Connection(asyncio.Protocol):
    """`GET /same`, `GET /new` with a head that is never the same, and `GET /echo`.

    The bodies of `GET /big/BYTES` and `POST /upload/BYTES` have this length. `GET /events` sends events that contain
    the time at which they were sent.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.left = 0
        self.is_web_socket = False
        self.can_write = asyncio.Event()
        self.can_write.set()

    def data_received(self, data: bytes) -> None:
        if self.is_web_socket:
            self.transport.write(unmasked(data))
        elif self.left:
            self.receive_body(data)
        elif data.startswith(b"POST /upload/"):
            self.left = length_in(data)
            self.receive_body(data.partition(b"\r\n\r\n")[2])
        elif data.startswith(b"GET /big/"):
            self.task = asyncio.ensure_future(self.send_body(length_in(data)))
        elif data.startswith(b"GET /events"):
            self.task = asyncio.ensure_future(self.send_events())
        elif data.startswith(b"GET /echo"):
            self.accept(data.lower(), data)
        elif data.startswith(b"GET /new"):
            self.transport.write(SMALL.replace(b"\r\n\r\n", b"\r\nX-Number: %d\r\n\r\n" % time.monotonic_ns()))
        else:
            self.transport.write(SMALL)

    def receive_body(self, data: bytes) -> None:
        self.left -= len(data)
        if not self.left:
            self.transport.write(SMALL)

    async def send_body(self, left: int) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % left)
        while left:
            await self.can_write.wait()
            self.transport.write(PIECE[:left])
            left -= min(left, len(PIECE))

    async def send_events(self) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while not self.transport.is_closing():
            event = b"data: %d\n\n" % time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.sleep(EVENT_SECS)

    def accept(self, lowered: bytes, data: bytes) -> None:
        start = lowered.index(KEY_START) + len(KEY_START)
        key = data[start : data.index(b"\r\n", start)]
        answer = base64.b64encode(hashlib.sha1(key + GUID).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        self.transport.write(head + b"Sec-WebSocket-Accept: " + answer + b"\r\n\r\n")
        self.is_web_socket = True

    def pause_writing(self) -> None:
        self.can_write.clear()

    def resume_writing(self) -> None:
        self.can_write.set()


def length_in(head: bytes) -> int:
    """The number at the end of the path."""
    return int(head.split(b" ", 2)[1].rpartition(b"/")[2])


def unmasked(frame: bytes) -> bytes:
    """The answer to a short message whose mask is zero."""
    return bytes((frame[0], frame[1] & 0x7F)) + frame[6:]


async def main() -> None:
    port = int(os.environ["ACTOR_WEB_SERVER_PORT"])
    server = await asyncio.get_running_loop().create_server(Connection, "0.0.0.0", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
