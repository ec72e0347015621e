"""A web site with numbered pages, which counts the requests for each page."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase, RawIOBase
from typing import Any

from runtime.base.addresses import HOST_IN_CONTAINERS

CHILDREN = 8
RESPONSE_SECS = 0.02
"""A delay, so that a crawler always has several requests in progress when it is killed."""


class Site:
    """Pages 0 to `pages` - 1 form a tree, with some additional links. Responses wait until `opened` is set."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.visits: Counter[str] = Counter()
        self.received_bytes = 0
        self.sent_bytes = 0
        self.opened = threading.Event()
        self._counting = threading.Lock()

    @contextmanager
    def serving(self, gateway: str | None) -> Iterator[str]:
        """Serve the site. Yield its URL for containers, without a slash at the end."""
        server = _Server((gateway or "127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{HOST_IN_CONTAINERS}:{server.server_port}"
        finally:
            self.opened.set()
            server.shutdown()
            server.server_close()

    def visit(self, path: str) -> bytes:
        with self._counting:
            self.visits[path] += 1
        self.opened.wait()
        time.sleep(RESPONSE_SECS)
        links = "".join(f'<a href="/{number}">{number}</a>' for number in self._links(int(path.removeprefix("/"))))
        return f"<!doctype html><title>Page {path}</title>{links}".encode()

    def count(self, *, received: int = 0, sent: int = 0) -> None:
        with self._counting:
            self.received_bytes += received
            self.sent_bytes += sent

    def _links(self, page: int) -> list[int]:
        children = range(CHILDREN * page + 1, CHILDREN * page + CHILDREN + 1)
        return [number for number in (*children, page // 2, page * 7 % self.pages) if number < self.pages]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class _CountingReader:
    """The stream of a connection's requests, whose lines are counted."""

    def __init__(self, stream: BufferedIOBase, site: Site) -> None:
        self._stream = stream
        self._site = site

    def readline(self, limit: int = -1) -> bytes:
        line = self._stream.readline(limit)
        self._site.count(received=len(line))
        return line

    def close(self) -> None:
        self._stream.close()

    @property
    def closed(self) -> bool:
        return self._stream.closed


class _CountingWriter(RawIOBase):
    """The stream of a connection's responses, which are counted."""

    def __init__(self, stream: Any, site: Site) -> None:
        self._stream = stream
        self._site = site

    def write(self, data: Any) -> int:
        self._site.count(sent=len(data))
        written: int = self._stream.write(data)
        return written


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            super().setup()
            self.rfile = _CountingReader(self.rfile, site)  # type: ignore[assignment]
            self.wfile = _CountingWriter(self.wfile, site)  # type: ignore[assignment]

        def do_GET(self) -> None:
            if self.path == "/favicon.ico":
                self.send_error(404)
                return
            body = site.visit(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing: `visits` counts the requests."""

    return Handler
