from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from runtime.containers.build_log import BuildLog
from runtime.containers.streams import BuildStream


class Response:
    """An answer of the engine, cut anywhere."""

    def __init__(self, *chunks: bytes) -> None:
        self.raw = self
        self._chunks = chunks

    def stream(self, size: int) -> Iterator[bytes]:
        yield from self._chunks


def test_a_build_is_told_in_batches_without_empty_ones() -> None:
    messages = [
        {"stream": "a\nb\nc"},
        {"stream": "d"},
        {"stream": "\n"},
        {"aux": {"ID": "sha256:1"}},
        {"stream": "end"},
    ]
    answer = b"\r\n".join(json.dumps(message).encode() for message in messages) + b"\r\n"
    log = BuildLog()
    batches = [*BuildStream(cast(Any, Response(answer[:20], answer[20:21], answer[21:])), log)]
    assert batches == [["a", "b"], ["cd"], ["end"]]
    assert log.image_id == "sha256:1"
