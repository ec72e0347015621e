"""Reads the traffic between a debugger and a program, to find out whether the program is paused. Changes nothing.

Both protocols announce a pause to the debugger only. Bytes that are neither of them are not understood, so their
connection counts as a pause: a run must not time out while it is debugged.

Sources: the Debug Adapter Protocol (base protocol; events "stopped" and "continued", requests that resume), the Chrome
DevTools Protocol (`Debugger.paused`, `Debugger.resumed`, `Runtime.runIfWaitingForDebugger`), the domain NodeWorker of
Node.js, RFC 6455 (WebSocket frames).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from runtime.base.json_text import loads_object

MAX_MESSAGE_BYTES = 64 * 1024
"""Longer messages of the Debug Adapter Protocol are not parsed: those about pauses are short."""
MAX_HEAD_BYTES = 16 * 1024
PREFIX_BYTES = 1024
"""The part of an inspector's message that is read. V8 writes the method first; the call frames after it can be long."""
RECOGNIZED_BYTES = len(b"content-length")
RESUMING = frozenset(
    {"continue", "next", "stepIn", "stepOut", "stepBack", "reverseContinue", "disconnect", "terminate", "restart"}
)
"""The requests of the Debug Adapter Protocol after which the program runs. An adapter need not send an event then."""
SESSION = rb'","params":\{"sessionId":"([^"\\]{1,64})"'
WORKER = rb"NodeWorker\.receivedMessageFromWorker" + SESSION + rb',"message":"\{\\"method\\":\\"'
PAUSE_EVENT = re.compile(rb'\s*\{\s*"method"\s*:\s*"(?:' + WORKER + rb")?Debugger\.(paused|resumed)\b")
WORKER_END = re.compile(rb'\{"method":"NodeWorker\.detachedFromWorker' + SESSION)
START_REQUEST = re.compile(rb'"method"\s*:\s*"Runtime\.runIfWaitingForDebugger"')
SWITCHED = b"HTTP/1.1 101"
HEAD_END = b"\r\n\r\n"
OPCODE, TEXT = 0x0F, 0x01
EXTENSIONS = 0x70
"""Parts of the first byte of a frame. With an extension, such as compression, the frame cannot be read."""


class Unreadable(Exception):
    """The bytes are not those of the protocol."""


class DebugTraffic:
    """One connection of a debugger. Pass its bytes to `from_debugger` and `from_program`, in the order of arrival.

    `is_paused` is true while the program is paused for this connection, `has_started` once the debugger has let the
    program start.
    """

    def __init__(self) -> None:
        self._protocol: _Protocol | None = None
        self._heads = {"debugger": b"", "program": b""}
        self._is_unknown = False

    @property
    def is_paused(self) -> bool:
        return self._is_unknown if self._protocol is None else self._protocol.is_paused

    @property
    def has_started(self) -> bool:
        return self._is_unknown if self._protocol is None else self._protocol.has_started

    def from_debugger(self, data: bytes) -> None:
        self._read("debugger", data)

    def from_program(self, data: bytes) -> None:
        self._read("program", data)

    def _read(self, side: str, data: bytes) -> None:
        if self._is_unknown:
            return
        if self._protocol is None:
            self._heads[side] += data
            if len(self._heads[side]) < RECOGNIZED_BYTES:
                return
            data = self._heads[side]
            self._protocol = _protocol_of(data)
        try:
            if self._protocol is None:
                raise Unreadable
            feed = self._protocol.from_debugger if side == "debugger" else self._protocol.from_program
            feed(data)
        except Unreadable:
            self._protocol, self._is_unknown = None, True


class _Protocol(Protocol):
    @property
    def is_paused(self) -> bool: ...

    @property
    def has_started(self) -> bool: ...

    def from_debugger(self, data: bytes) -> None: ...

    def from_program(self, data: bytes) -> None: ...


def _protocol_of(head: bytes) -> _Protocol | None:
    if head[:RECOGNIZED_BYTES].lower() == b"content-length":
        return _AdapterTraffic()
    return _InspectorTraffic() if re.match(rb"[A-Z]{3,7} /|HTTP/1\.", head) else None


class _AdapterTraffic:
    """The Debug Adapter Protocol, which debugpy uses. A breakpoint pauses all threads."""

    def __init__(self) -> None:
        self.is_paused = False
        self.has_started = False
        self._requests = _AdapterMessages()
        self._responses = _AdapterMessages()
        self._resuming: int | None = None

    def from_debugger(self, data: bytes) -> None:
        for message in self._requests.feed(data):
            # The request counts, not its response: a response can arrive after the next stop of a step.
            resumes = message.get("command") in RESUMING and not _arguments(message).get("singleThread")
            if message.get("type") == "request" and resumes and self.is_paused:
                self.is_paused, self._resuming = False, message.get("seq")

    def from_program(self, data: bytes) -> None:
        for message in self._responses.feed(data):
            if message.get("type") == "event":
                self._event(str(message.get("event")), message)
            elif message.get("command") == "configurationDone" and message.get("success"):
                self.has_started = True
            elif message.get("success") is False and message.get("request_seq") == self._resuming:
                self.is_paused = True

    def _event(self, event: str, message: dict[str, Any]) -> None:
        if event == "stopped":
            self.is_paused = True
        elif event in ("terminated", "exited") or (event == "continued" and _continues_all(message)):
            self.is_paused = False


class _AdapterMessages:
    """Splits a stream of the Debug Adapter Protocol into its messages. Long ones are skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipped = 0

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        dropped = min(self._skipped, len(data))
        self._skipped -= dropped
        self._buffer += data[dropped:]
        while (end := self._buffer.find(HEAD_END)) >= 0:
            body, length = end + len(HEAD_END), _content_length(bytes(self._buffer[:end]))
            if length <= MAX_MESSAGE_BYTES:
                if len(self._buffer) < body + length:
                    return
                yield loads_object(bytes(self._buffer[body : body + length]))
            else:
                self._skipped = max(0, body + length - len(self._buffer))
            del self._buffer[: body + length]
        if len(self._buffer) > MAX_HEAD_BYTES:
            raise Unreadable


def _content_length(head: bytes) -> int:
    found = re.search(rb"(?im)^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", head)
    if found is None:
        raise Unreadable
    return int(found[1])


def _arguments(message: dict[str, Any]) -> dict[str, Any]:
    arguments = message.get("arguments")
    return arguments if isinstance(arguments, dict) else {}


def _continues_all(message: dict[str, Any]) -> bool:
    body = message.get("body")
    return not isinstance(body, dict) or body.get("allThreadsContinued") is not False


class _InspectorTraffic:
    """The inspector of Node.js: HTTP, or a WebSocket with the Chrome DevTools Protocol. Workers pause on their own."""

    def __init__(self) -> None:
        self.has_started = False
        self._paused: set[bytes] = set()
        self._head = b""
        self._requests: _Frames | None = None
        self._events = _Frames()

    @property
    def is_paused(self) -> bool:
        return bool(self._paused)

    def from_debugger(self, data: bytes) -> None:
        if self._requests is not None:  # before that, it is the request for the WebSocket
            # A list, since the reader drops what it has read only at its end.
            self.has_started |= any([START_REQUEST.search(prefix) for prefix in self._requests.feed(data)])

    def from_program(self, data: bytes) -> None:
        if self._requests is None:
            data = self._after_head(data)
        for prefix in self._events.feed(data) if data else ():
            if ended := WORKER_END.match(prefix):
                self._paused.discard(ended[1])
            elif found := PAUSE_EVENT.match(prefix):
                self.has_started = True
                (self._paused.add if found[2] == b"paused" else self._paused.discard)(found[1] or b"")

    def _after_head(self, data: bytes) -> bytes:
        """Return the first bytes after the response that opens the WebSocket. Other responses are skipped."""
        self._head += data
        begin = self._head.find(SWITCHED)
        if begin < 0:
            self._head = self._head[-len(SWITCHED) :]
            return b""
        head, found, rest = self._head[begin:].partition(HEAD_END)
        if not found:
            if len(head) > MAX_HEAD_BYTES:
                raise Unreadable
            return b""
        self._requests = _Frames()
        return rest


class _Frames:
    """Reads the first bytes of each text message of one direction of a WebSocket."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipped = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        dropped = min(self._skipped, len(data))
        self._skipped -= dropped
        self._buffer += data[dropped:]
        at = 0
        while (frame := _frame(self._buffer, at)) is not None:
            begin, length, mask = frame
            shown = min(length, PREFIX_BYTES)
            if len(self._buffer) < begin + shown:
                break
            if self._buffer[at] & EXTENSIONS:
                raise Unreadable
            if self._buffer[at] & OPCODE == TEXT:
                yield _unmasked(bytes(self._buffer[begin : begin + shown]), mask)
            at = begin + length
        self._skipped = max(0, at - len(self._buffer))
        del self._buffer[:at]


def _frame(buffer: bytearray, at: int) -> tuple[int, int, bytes] | None:
    """Return where the payload of the frame at a position begins, its length and its mask; None if that is missing."""
    if len(buffer) < at + 2:
        return None
    length, begin = buffer[at + 1] & 0x7F, at + 2
    if length >= 126:
        begin += 2 if length == 126 else 8
        length = int.from_bytes(buffer[at + 2 : begin])
    mask_bytes = 4 if buffer[at + 1] & 0x80 else 0
    if len(buffer) < begin + mask_bytes:
        return None
    return begin + mask_bytes, length, bytes(buffer[begin : begin + mask_bytes])


def _unmasked(data: bytes, mask: bytes) -> bytes:
    if not mask:
        return data
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))
