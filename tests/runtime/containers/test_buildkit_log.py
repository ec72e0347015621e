from __future__ import annotations

import base64
from typing import Any

from runtime.containers.build_log import LINE_LIMIT
from runtime.containers.buildkit_log import BuildKitLog


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    head = b""
    while value >= 0x80:
        head, value = head + bytes([value & 0x7F | 0x80]), value >> 7
    return head + bytes([value])


def vertex(digest: str, name: str, *, started: bool = True, cached: int = 0, error: str = "") -> bytes:
    times = field(5, field(1, 1_700_000_000)) if started else b""
    return field(
        1, field(1, digest.encode()) + field(3, name.encode()) + field(4, cached) + times + field(7, error.encode())
    )


def log(digest: str, text: bytes, *, stream: int = 1) -> bytes:
    return field(3, field(1, digest.encode()) + field(2, field(1, 1)) + field(3, stream) + field(4, text))


def trace(*parts: bytes) -> dict[str, Any]:
    return {"id": "moby.buildkit.trace", "aux": base64.b64encode(b"".join(parts)).decode()}


def lines(buildkit: BuildKitLog, *messages: dict[str, Any]) -> list[str]:
    return [line for message in messages for line in buildkit.feed(message)]


def test_a_step_is_printed_once_when_it_starts() -> None:
    buildkit = BuildKitLog()
    waiting, started = vertex("a", "FROM x", started=False), vertex("a", "FROM x")
    assert lines(buildkit, trace(waiting), trace(started), trace(started)) == ["#1 FROM x"]
    done = vertex("b", "RUN y", cached=1)
    assert lines(buildkit, trace(done, vertex("a", "FROM x"))) == ["#2 RUN y", "#2 CACHED"]


def test_lines_are_joined_for_each_step() -> None:
    buildkit = BuildKitLog()
    printed = lines(
        buildkit,
        trace(vertex("a", "RUN x"), vertex("b", "RUN y")),
        trace(log("a", b"one\ntw"), log("b", b"other\n")),
        trace(log("a", "o ünï\n\x1b[31mred\x1b[0m\n10%\r20%".encode())),
    )
    assert printed == ["#1 RUN x", "#2 RUN y", "#1 one", "#2 other", "#1 two ünï", "#1 red"]
    assert list(buildkit.end()) == ["#1 20%"]


def test_the_lines_of_a_steps_two_streams_are_not_mixed() -> None:
    """A program writes a message to stderr in parts, and the engine sends what arrives on stdout between them."""
    buildkit = BuildKitLog()
    printed = lines(
        buildkit,
        trace(vertex("a", "RUN x")),
        trace(log("a", b"ls: ", stream=2), log("a", b"none\n"), log("a", b"no such file\nlast", stream=2)),
        trace(log("a", b"end")),
    )
    assert printed == ["#1 RUN x", "#1 none", "#1 ls: no such file"]
    assert list(buildkit.end()) == ["#1 last", "#1 end"]


def test_a_character_may_arrive_in_two_parts() -> None:
    buildkit = BuildKitLog()
    first, second = "ü".encode()[:1], "ü".encode()[1:]
    printed = lines(buildkit, trace(vertex("a", "RUN x"), log("a", first)), trace(log("a", second + b"\n" + first)))
    assert printed == ["#1 RUN x", "#1 ü"]
    assert list(buildkit.end()) == ["#1 \ufffd"]


def test_a_long_line_is_divided() -> None:
    buildkit = BuildKitLog()
    printed = lines(buildkit, trace(vertex("a", "RUN x"), log("a", b"x" * LINE_LIMIT)), trace(log("a", b"rest\n")))
    assert printed == ["#1 RUN x", f"#1 {'x' * LINE_LIMIT}", "#1 rest"]


def test_the_outcome_of_the_build_is_stored() -> None:
    buildkit = BuildKitLog()
    failed = trace(vertex("a", "RUN x", error="exit code: 7"))
    assert lines(buildkit, failed, {"error": "failed to solve"}) == ["#1 RUN x", "#1 ERROR: exit code: 7"]
    assert (buildkit.error, buildkit.image_id) == ("failed to solve", None)
    assert lines(buildkit, {"id": "moby.image.id", "aux": {"ID": "sha256:1"}}) == []
    assert buildkit.image_id == "sha256:1"


def test_unknown_fields_are_ignored() -> None:
    unknown = varint(9 << 3 | 1) + bytes(8) + varint(10 << 3 | 5) + bytes(4) + field(11, b"x" * 200) + field(12, 300)
    assert lines(BuildKitLog(), trace(unknown, vertex("a", "RUN x"), unknown)) == ["#1 RUN x"]


def test_invalid_utf_8_is_replaced() -> None:
    step = field(1, field(1, b"a") + field(3, b"RUN \xff") + field(5, b""))
    assert lines(BuildKitLog(), trace(step)) == ["#1 RUN \ufffd"]
