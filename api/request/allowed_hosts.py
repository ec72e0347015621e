"""The checks of Host and Origin. The server controls the Docker engine, and any web page can send it requests."""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.datastructures import Headers
from starlette.types import Scope

from api.request.cross_origin import CrossOrigin
from api.standby.standby_address import STANDBY_ADDRESSES
from api.web_server.run_address import HTTP_PORT, RUN_ADDRESSES
from runtime.base.addresses import API_NAMES
from runtime.base.errors import Forbidden, Invalid

OWN_SITES = frozenset({"same-origin", "none"})


class AllowedHosts:
    """The names of this server on its `ports`. `gateway` is the address under which containers reach it.

    `writes` is whether a request changes something. `cross_origin` permits pages of other origins.
    """

    def __init__(
        self,
        ports: Collection[int],
        gateway: str | None,
        cross_origin: CrossOrigin,
        writes: Callable[[Scope], bool],
    ) -> None:
        names = {f"[{name}]" if ":" in name else name for name in API_NAMES} | ({gateway} if gateway else set())
        without_port = names if HTTP_PORT in ports else set()
        self._hosts = {f"{name}:{port}" for name in names for port in ports} | without_port
        self._ports = ports
        self._cross_origin = cross_origin
        self._writes = writes

    def check_host(self, scope: Scope) -> None:
        """Raises Forbidden for a foreign Host: an attacker can point a name of their own at this machine.

        Raises Invalid for several Hosts (RFC 9112, section 3.2), because a server behind this one may use another one.
        """
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) > 1:
            raise Invalid("invalid-request", f"The request must have one Host header, not {len(hosts)}")
        host = hosts[0].lower() if hosts else ""
        if host not in self._hosts:
            raise _foreign_host(host)

    def check_web_server_host(self, host: str) -> None:
        """Raises Forbidden for a Host under which no Actor is reached, in any form of its addresses."""
        is_of_actor = RUN_ADDRESSES.has_host(host, self._ports) or STANDBY_ADDRESSES.has_host(host, self._ports)
        if host.lower() not in self._hosts and not is_of_actor:
            raise _foreign_host(host)

    def check_origin(self, scope: Scope) -> None:
        """Raises Forbidden for a write that a page of another origin makes the browser send."""
        if not self._writes(scope):
            return
        headers = Headers(scope=scope)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_foreign = origin is not None and origin.removeprefix("http://").lower() not in self._hosts
        if (is_foreign or (site is not None and site not in OWN_SITES)) and not self._cross_origin.permits(scope):
            raise Forbidden("origin-not-allowed", "Web pages of another origin cannot change anything on this server")


def _foreign_host(host: str) -> Forbidden:
    return Forbidden("host-not-allowed", f"This server does not answer for the host '{host}'")
