"""The proxy to the web servers of all runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache

from api.web_server.forwarding import Forwarding
from api.web_server.headers import RawHeaders
from api.web_server.known_requests import KnownRequests
from api.web_server.request import WebRequest
from api.web_server.run_address import RunAddress, run_address_of
from runtime.container_http.target import Target

REMEMBERED_HOSTS = 1024


class WebServers:
    """Forwards the requests that have a run's address. The handshake of a WebSocket is such a request too.

    `find_target` returns the container of a run by its key, at once if it is known. It raises a GreenroomError for a
    key without a live run. `check_host` raises one for a Host header that this server does not answer. The client gets
    these errors as the platform's error object.
    """

    def __init__(
        self, find_target: Callable[[str], Target | Awaitable[Target]], check_host: Callable[[str], None]
    ) -> None:
        self._find_target = find_target
        self._check_host = lru_cache(REMEMBERED_HOSTS)(lambda host: check_host(host.decode("latin-1")))
        self.open_forwardings: set[Forwarding] = set()
        self.known_requests = KnownRequests()

    def address_of(self, headers: RawHeaders, target: bytes) -> RunAddress | None:
        """The run's address that a request is for; None for any other request. Names of headers are in lower case.

        `target` is the path with the query.
        """
        for name, value in headers:
            if name == b"host":
                return run_address_of(value, target)
        return run_address_of(b"", target)

    def find_target(self, request: WebRequest) -> Target | Awaitable[Target]:
        """The container for a request. Raises GreenroomError."""
        self._check_host(request.headers.host)
        return self._find_target(request.address.key)

    def close(self) -> None:
        """End all exchanges, because the server stops."""
        for forwarding in list(self.open_forwardings):
            forwarding.shut_down()
