"""The proxy to the web servers of all runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Protocol

from api.web_server.client import Client
from api.web_server.forwarding import Forwarding
from api.web_server.headers import RawHeaders
from api.web_server.known_requests import KnownRequests
from api.web_server.request import WebRequest
from api.web_server.run_address import REMEMBERED_HOSTS, RUN_ADDRESSES, RunAddress
from runtime.container_http.target import Target


class OtherAddresses(Protocol):
    """Requests with addresses that are not those of runs."""

    def address_of(self, host: bytes, target: bytes) -> RunAddress | None:
        """The address that a request is for, of a type of its own; None for any other request."""
        ...

    def forwarding(self, client: Client, web_servers: WebServers, request: WebRequest) -> Forwarding: ...


class WebServers:
    """Forwards the requests that have a run's address. The handshake of a WebSocket is such a request too.

    `find_target` returns the container of a run by its key, or an awaitable if it has to be found. It raises a
    GreenroomError for a key without a live run. `check_host` raises one for a Host header that this server does not
    answer. The client gets these errors as the platform's error object. `others` forwards requests with another kind of
    address.
    """

    def __init__(
        self,
        find_target: Callable[[str], Target | Awaitable[Target]],
        check_host: Callable[[str], None],
        others: OtherAddresses | None = None,
    ) -> None:
        self._find_target = find_target
        self._others = others
        self._check_host = lru_cache(REMEMBERED_HOSTS)(lambda host: check_host(host.decode("latin-1")))
        self.open_forwardings: set[Forwarding] = set()
        self.known_requests = KnownRequests(self.address_at)

    def address_of(self, headers: RawHeaders, target: bytes) -> RunAddress | None:
        """The run's address that a request is for; None for any other request. Names of headers are in lower case.

        `target` is the path with the query.
        """
        host = next((value for name, value in headers if name == b"host"), b"")
        return self.address_at(host, target)

    def address_at(self, host: bytes, target: bytes) -> RunAddress | None:
        """The same for the value of the Host header."""
        found = RUN_ADDRESSES.find(host, target)
        return found if found is not None or self._others is None else self._others.address_of(host, target)

    def forwarding(self, client: Client, request: WebRequest) -> Forwarding:
        """What forwards a request and its response."""
        if self._others is not None and type(request.address) is not RunAddress:
            return self._others.forwarding(client, self, request)
        return Forwarding(client, self, request)

    def check_host(self, request: WebRequest) -> None:
        """Raises GreenroomError for a Host header that this server does not answer."""
        self._check_host(request.headers.host)

    def find_target(self, request: WebRequest) -> Target | Awaitable[Target]:
        """The container for a request. Raises GreenroomError."""
        return self._find_target(request.address.key)

    def close(self) -> None:
        """End all exchanges, because the server stops."""
        for forwarding in list(self.open_forwardings):
            forwarding.shut_down()
