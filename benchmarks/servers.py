"""Servers that a benchmark starts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.live_server import LiveServer


@contextmanager
def new_server() -> Iterator[LiveServer]:
    """Yield a server with an empty data directory. Both end with the context."""
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        server = LiveServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.close()
