"""A layer between a connection and its protocol. It limits how much the protocol parses at a time.

The event loop reads up to 256 KB at once, and continues while more arrives. A protocol would parse all of it before
anything else gets its turn, which takes seconds if the bytes are tiny requests or frames.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from runtime.base.loop_share import LoopShare


class SlicedProtocol(Protocol):
    """A protocol that states how many bytes it may get at a time, so that parsing them takes a few milliseconds.

    `harmless_bytes` returns how many of the next bytes cost almost nothing, because they are one piece of a body.
    """

    slice_bytes: int

    def harmless_bytes(self) -> int: ...


class FairProtocol(asyncio.Protocol):
    """Passes the received bytes on in slices. While some wait, nothing more is received."""

    def __init__(self, share: LoopShare, protocol: asyncio.Protocol) -> None:
        self._share = share
        self._waiting = b""
        self._start = 0
        self._is_queued = False
        self._is_paused = False
        self.use(protocol)

    def use(self, protocol: asyncio.Protocol) -> None:
        """Pass everything that follows to another protocol."""
        self.protocol = protocol
        sliced = cast(SlicedProtocol, protocol)
        self._slice_bytes, self._harmless_bytes = sliced.slice_bytes, sliced.harmless_bytes
        # Called for every chunk, so it is bound only once.
        self._receive = protocol.data_received

    def take_waiting(self) -> bytes:
        """The bytes that the protocol has not received yet. It does not receive them any more."""
        waiting, self._waiting, self._start = self._waiting[self._start :], b"", 0
        return waiting

    @property
    def has_waiting(self) -> bool:
        """Whether the protocol has not received everything that has arrived."""
        return bool(self._waiting)

    def leave(self) -> bytes:
        """Never touch the connection again. Returns the bytes that the protocol has not received."""
        self._is_paused = True
        return self.take_waiting()

    def pause(self) -> None:
        self._is_paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        self._is_paused = False
        if self._waiting:
            self._queue()
        else:
            self._transport.resume_reading()

    def _queue(self) -> None:
        if not self._is_queued:
            self._is_queued = True
            self._share.add(self._pass_slice)

    def _pass_slice(self) -> None:
        self._is_queued = False
        if self._is_paused or self._transport.is_closing():
            return
        if not self._waiting:
            self._transport.resume_reading()
            return
        start = self._start
        end = start + max(self._slice_bytes, self._harmless_bytes())
        data = self._waiting[start:end]
        if end < len(self._waiting):
            self._start = end
            self._queue()
        else:
            self._waiting, self._start = b"", 0
        self._receive(data)
        if not (self._waiting or self._is_paused or self._transport.is_closing()):
            self._transport.resume_reading()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.protocol.connection_made(FairTransport(self._transport, self))

    def data_received(self, data: bytes) -> None:
        if self._waiting:
            self._waiting = self.take_waiting() + data
        elif len(data) <= self._slice_bytes or len(data) <= self._harmless_bytes():
            self._receive(data)
        else:
            self._waiting, self._start = data, self._slice_bytes
            self._receive(data[: self._slice_bytes])
            self._pass_rest()

    def _pass_rest(self) -> None:
        """Pass the rest of what was received, immediately if it is the harmless body of the request before it."""
        left = len(self._waiting) - self._start
        if not self._waiting or self._transport.is_closing():
            return
        if left <= self._harmless_bytes() and not self._is_paused:
            self._receive(self.take_waiting())
        else:
            self._transport.pause_reading()
            self._queue()

    def eof_received(self) -> bool | None:
        return self.protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.take_waiting()
        self.protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        self.protocol.resume_writing()


class FairTransport(asyncio.Transport):
    """The transport for the protocol behind a FairProtocol. It has the methods that uvicorn uses."""

    def __init__(self, transport: asyncio.Transport, layer: FairProtocol) -> None:
        super().__init__()
        self._layer = layer
        self._transport = transport
        # Not worth a call of their own.
        self.write = transport.write  # type: ignore[method-assign]
        self.is_closing = transport.is_closing  # type: ignore[method-assign]

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def pause_reading(self) -> None:
        self._layer.pause()

    def resume_reading(self) -> None:
        self._layer.resume()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._layer.use(cast(asyncio.Protocol, protocol))

    @property
    def has_waiting(self) -> bool:
        """Whether more has arrived than what the protocol has received."""
        return self._layer.has_waiting

    def release(self) -> tuple[asyncio.Transport, bytes]:
        """The connection without this layer, and the bytes that have not been passed on."""
        return self._transport, self._layer.leave()
