from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from runtime.containers.build_log import BuildLog
from runtime.containers.streams import BuildStream


class Response:
    """A response of the engine, in arbitrary chunks."""

    def __init__(self, *chunks: bytes) -> None:
        self.raw = self
        self._chunks = chunks

    def stream(self, size: int) -> Iterator[bytes]:
        yield from self._chunks


def test_the_output_of_a_build_has_no_empty_batches() -> None:
    messages = [
        {"stream": "a\nb\nc"},
        {"stream": "d"},
        {"stream": "\n"},
        {"aux": {"ID": "sha256:1"}},
        {"stream": "end"},
    ]
    body = b"\r\n".join(json.dumps(message).encode() for message in messages) + b"\r\n"
    log = BuildLog()
    batches = [*BuildStream(cast(Any, Response(body[:20], body[20:21], body[21:])), log)]
    assert batches == [["a", "b"], ["cd"], ["end"]]
    assert log.image_id == "sha256:1"
