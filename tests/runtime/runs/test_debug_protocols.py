"""What the traffic of a debugger shows: whether the program is paused, and whether it has started."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from runtime.runs.debug_protocols import MAX_MESSAGE_BYTES, DebugTraffic

UPGRADE = b"GET /id HTTP/1.1\r\nHost: 127.0.0.1:9229\r\nUpgrade: websocket\r\n\r\n"
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
MASK = b"\x01\x02\x03\x04"


def adapter(**message: Any) -> bytes:
    body = json.dumps({"seq": 1, **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def request(command: str, seq: int = 1, **arguments: Any) -> bytes:
    return adapter(seq=seq, type="request", command=command, arguments=arguments)


def event(name: str, **body: Any) -> bytes:
    return adapter(type="event", event=name, body=body)


def response(command: str, request_seq: int = 1, *, success: bool = True, text: str = "") -> bytes:
    return adapter(type="response", command=command, request_seq=request_seq, success=success, body={"text": text})


def frame(text: bytes, *, is_masked: bool = False, first: int = 0x81) -> bytes:
    length = len(text)
    if length < 126:
        size = bytes([length])
    else:
        size = bytes([126]) + length.to_bytes(2) if length <= 0xFFFF else bytes([127]) + length.to_bytes(8)
    if not is_masked:
        return bytes([first]) + size + text
    key = (MASK * (length // 4 + 1))[:length]
    masked = bytes(left ^ right for left, right in zip(text, key, strict=True))
    return bytes([first, size[0] | 0x80]) + size[1:] + MASK + masked


def method(name: str, **params: Any) -> bytes:
    return json.dumps({"method": name, "params": params}, separators=(",", ":")).encode()


def an_inspector() -> DebugTraffic:
    traffic = DebugTraffic()
    traffic.from_debugger(UPGRADE)
    traffic.from_program(UPGRADED)
    return traffic


def an_adapter() -> DebugTraffic:
    traffic = DebugTraffic()
    traffic.from_debugger(request("attach"))
    traffic.from_program(event("initialized"))
    return traffic


def states(traffic: DebugTraffic, *steps: tuple[str, bytes]) -> list[bool]:
    """Whether the program is paused after each step."""
    found = []
    for side, data in steps:
        (traffic.from_debugger if side == "debugger" else traffic.from_program)(data)
        found.append(traffic.is_paused)
    return found


def test_a_step_runs_from_its_request_even_if_the_next_stop_precedes_the_response() -> None:
    traffic = an_adapter()
    assert not traffic.has_started
    traffic.from_program(response("configurationDone"))
    assert traffic.has_started
    assert states(
        traffic,
        ("program", event("stopped", allThreadsStopped=True)),
        ("debugger", request("next")),
        ("program", event("stopped", allThreadsStopped=True)),
        ("program", response("next")),
        ("debugger", request("continue", seq=7)),
        ("program", response("continue", 7, success=False)),
        ("debugger", request("continue", singleThread=True)),
        ("program", event("continued", allThreadsContinued=False)),
        ("program", event("continued", threadId=1)),
    ) == [True, False, True, True, False, True, True, True, False]


@pytest.mark.parametrize("size", [1, 7, MAX_MESSAGE_BYTES])
def test_messages_may_arrive_in_pieces_and_long_ones_are_skipped(size: int) -> None:
    traffic = DebugTraffic()
    sent = event("initialized") + response("source", text="x" * MAX_MESSAGE_BYTES) + event("stopped")
    for start in range(0, len(sent), size):
        assert not traffic.is_paused
        traffic.from_program(sent[start : start + size])
    assert traffic.is_paused


def test_the_inspector_announces_pauses_and_the_debugger_the_start() -> None:
    traffic = an_inspector()
    traffic.from_debugger(frame(b'{"id": 4, "method": "Runtime.runIfWaitingForDebugger"}', is_masked=True))
    assert traffic.has_started
    paused = method("Debugger.paused", callFrames=["x" * 100_000])
    assert states(
        traffic,
        ("program", frame(paused)),
        ("program", frame(b'{"id":5,"result":{"result":{"value":"\\"method\\":\\"Debugger.resumed"}}}')),
        ("program", frame(method("Debugger.resumed")) + frame(b"", first=0x89)),
        ("program", frame(paused, first=0xC1)),  # compressed: it cannot be read
    ) == [True, True, False, True]


def test_a_worker_pauses_and_ends_on_its_own() -> None:
    def worker(name: str) -> bytes:
        inner = method(name).decode()
        return frame(method("NodeWorker.receivedMessageFromWorker", sessionId="7", message=inner))

    assert states(
        an_inspector(),
        ("program", worker("Debugger.paused")),
        ("program", frame(method("Debugger.resumed"))),
        ("program", worker("Debugger.resumed")),
        ("program", worker("Debugger.paused")),
        ("program", frame(method("NodeWorker.detachedFromWorker", sessionId="7"))),
    ) == [True, True, False, True, False]


def test_frames_may_arrive_byte_by_byte_after_other_responses() -> None:
    traffic = DebugTraffic()
    traffic.from_debugger(b"GET /json HTTP/1.1\r\n\r\n")
    sent = b"HTTP/1.0 200 OK\r\n\r\n[]" + UPGRADED + frame(method("Debugger.paused", callFrames=["x" * 200]))
    for byte in sent:
        assert not traffic.is_paused
        traffic.from_program(bytes([byte]))
        if traffic.is_paused:
            return
    raise AssertionError("the pause was not noticed")


@pytest.mark.parametrize(
    "sent", [b"JDWP-Handshake!", b"Content-Length: many\r\n\r\n", b"Content-Length" + b"x" * 20_000, b"\x00" * 20]
)
def test_what_is_not_understood_counts_as_a_pause(sent: bytes) -> None:
    traffic = DebugTraffic()
    assert not traffic.is_paused
    traffic.from_debugger(sent)
    assert traffic.is_paused and traffic.has_started
    traffic.from_program(event("continued"))
    assert traffic.is_paused


def test_what_a_debugger_has_sent_is_not_stored() -> None:
    traffic = an_inspector()
    traffic.from_debugger(frame(method("Runtime.runIfWaitingForDebugger"), is_masked=True))
    size = len(pickle.dumps(traffic))
    for _ in range(100):
        traffic.from_debugger(frame(method("Debugger.resume", filler="x" * 1000), is_masked=True))
    assert traffic.has_started
    assert len(pickle.dumps(traffic)) <= size + 1000
