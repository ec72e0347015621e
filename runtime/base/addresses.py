"""All addresses of a Greenroom server. They depend on its port and on this machine's resolver."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from yarl import URL

HOST_IN_CONTAINERS = "host.greenroom.internal"
"""The server's name inside containers, which `extra_hosts` maps to the gateway of the instance's bridge."""
API_NAMES = frozenset({"localhost", "127.0.0.1", "::1", HOST_IN_CONTAINERS})
API_PATH = "/v2/"
WEB_SERVER_DOMAIN = "runs.localhost"
LOOPBACK = ("127.0.0.1", "::1")
EVENTS_PATH = "/greenroom/events/"
WEB_SERVER_PATH = "/greenroom/web/"
STANDBY_DOMAIN = "localhost"
STANDBY_PATH = "/greenroom/standby/"


def resolves_subdomains() -> bool:
    """Return whether this machine resolves `*.localhost`, so that each run's web server can have its own origin."""
    try:
        found = socket.getaddrinfo(f"greenroom.{WEB_SERVER_DOMAIN}", 80, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(address[4][0] in LOOPBACK for address in found)


@dataclass(frozen=True, slots=True)
class Addresses:
    """With `resolves_subdomains`, this machine resolves `*.localhost`, so each web server can have its own origin.

    `proxy_port` is None without a proxy.
    """

    port: int
    resolves_subdomains: bool
    proxy_port: int | None = None

    @property
    def public_base(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def container_base(self) -> str:
        return f"http://{HOST_IN_CONTAINERS}:{self.port}"

    @property
    def proxy_url(self) -> str | None:
        """The proxy's address for programs outside of containers."""
        return None if self.proxy_port is None else f"http://localhost:{self.proxy_port}"

    def is_api(self, url: str) -> bool:
        """Return whether a URL is one of the API, under any of its host names. URLs of Actors' web servers are not."""
        parts = URL(url)
        is_here = parts.scheme == "http" and parts.host in API_NAMES and parts.port == self.port
        return is_here and parts.raw_path.startswith(API_PATH)

    def events_url(self, events_key: str) -> str:
        return f"ws://{HOST_IN_CONTAINERS}:{self.port}{EVENTS_PATH}{events_key}"

    def container_url(self, web_key: str) -> str:
        """Return the address of a run's web server, without a slash at the end, as on the platform."""
        if self.resolves_subdomains:
            return f"http://{web_key}.{WEB_SERVER_DOMAIN}:{self.port}"
        return f"{self.public_base}{WEB_SERVER_PATH}{web_key}"

    def standby_url(self, label: str) -> str:
        """Return the address for Standby requests with this label, without a slash at the end, as on the platform."""
        if self.resolves_subdomains:
            return f"http://{label}.{STANDBY_DOMAIN}:{self.port}"
        return f"{self.public_base}{STANDBY_PATH}{label}"

    def console_url(self, *path: str) -> str:
        """Return the URL of a path of the Apify Console, such as `storage/datasets/<id>`."""
        return "/".join((self.public_base, *path))
