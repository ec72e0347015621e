"""Batches of items and requests, as the API accepts them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

BATCH_BYTES = 1_048_576
"""Far below the platform's limit, so that the server responds quickly."""


def batches(texts: Iterable[bytes], max_count: float = math.inf) -> Iterator[list[bytes]]:
    """Yield batches of at most `max_count` texts and BATCH_BYTES bytes. A larger text is a batch of its own."""
    batch: list[bytes] = []
    size = 0
    for text in texts:
        if batch and (size + len(text) > BATCH_BYTES or len(batch) == max_count):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def json_array(texts: list[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
