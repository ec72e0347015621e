"""What a request is addressed to: a web site, through the proxy, or the proxy itself."""

from __future__ import annotations

from dataclasses import dataclass

import httptools

from runtime.base.addresses import HOST_IN_CONTAINERS
from runtime.proxy.errors import ProxyFailure
from runtime.proxy.messages import Head

STATUS_HOSTS = frozenset({("proxy.apify.com", 80), ("proxy", 80)})
"""The hosts of the status page, also that of the platform, which older SDKs have as a constant."""
OWN_HOSTS = ("localhost", "127.0.0.1", "::1", HOST_IN_CONTAINERS)


@dataclass(frozen=True, slots=True)
class Target:
    """A host in lower case, without brackets. `path` is that of a request, with its query; None for a tunnel."""

    host: str
    port: int
    path: bytes | None = None

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.path is not None and self.port == 80 else f"{host}:{self.port}"


def target_of(head: Head, own_port: int) -> Target | None:
    """The target of a request; None for the proxy's own status page. Raises ProxyFailure."""
    if head.method == "CONNECT":
        return _tunnel(head.target)
    if head.target.startswith(b"/"):
        return None
    try:
        url = httptools.parse_url(head.target)
        host = (url.host or b"").decode("ascii").lower()
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        raise _invalid(head.target) from None
    if not host:
        raise _invalid(head.target)
    if (url.schema or b"").lower() != b"http":
        raise ProxyFailure(400, "Only http:// URLs can be requested. Use the method CONNECT for other protocols.")
    port = url.port or 80
    if (host, port) in STATUS_HOSTS or (host in OWN_HOSTS and port == own_port):
        return None
    path = (url.path or b"/") + (b"?" + url.query if url.query is not None else b"")
    return Target(host, port, path)


def _tunnel(text: bytes) -> Target:
    host, _, port = text.decode("latin-1").rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536 or "@" in host:
        raise _invalid(text)
    return Target(host.lower().removeprefix("[").removesuffix("]"), int(port))


def _invalid(text: bytes) -> ProxyFailure:
    return ProxyFailure(400, f"'{text[:100].decode('latin-1')}' is not a valid target.")
