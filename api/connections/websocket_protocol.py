"""uvicorn's WebSocket protocol with a limit on the rate of frames."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

MAX_FRAMES_PER_SEC = 200
MAX_FRAGMENTS = 1000
"""The limit on the frames of one message."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket of a client. WebSockets of Actors' web servers do not get here."""

    slice_bytes = 1024
    """About 2 ms of work, for empty frames."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._second = 0
        self._frames_in_second = 0

    def harmless_bytes(self) -> int:
        return 0

    def handle_ping(self) -> None:
        if self._admits_frame():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._admits_frame():
            super().handle_pong(event)

    def handle_text(self, event: Frame) -> None:
        if self._admits_frame():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if self._admits_frame():
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        if self._admits_frame():
            super().handle_cont(event)

    def _admits_frame(self) -> bool:
        """Count a frame. A client that sends too many is disconnected, and its further frames are ignored."""
        if self.transport.is_closing():
            return False
        second = int(self.loop.time())
        if second != self._second:
            self._second, self._frames_in_second = second, 0
        self._frames_in_second += 1
        if self._frames_in_second <= MAX_FRAMES_PER_SEC and len(self.frames) <= MAX_FRAGMENTS:
            return True
        self.conn.fail(CloseCode.POLICY_VIOLATION, f"The limit is {MAX_FRAMES_PER_SEC} frames per second.")
        self.handle_parser_exception()
        return False
