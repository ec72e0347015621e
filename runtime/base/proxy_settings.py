"""The settings of the proxy: where its traffic goes out, and which local hosts it may reach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

OFF = "off"
ALL_GROUPS = "*"
RESIDENTIAL, SERP = "RESIDENTIAL", "GOOGLE_SERP"
SCHEMES = {"http": 80, "socks4": 1080, "socks5": 1080, "socks5h": 1080}
"""The protocols of upstream proxies, with their default ports."""
GROUP = re.compile(r"[\w.~]+", re.ASCII)
PARTS = re.compile(rf",(?=(?:{GROUP.pattern}|\*)=)")
"""The commas between groups. A comma within a URL is part of a user name."""
ALLOWED = re.compile(r"(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?", re.ASCII)

GROUPS: Mapping[str, str] = {
    "SHADER": "Datacenter proxies",
    "BUYPROXIES94952": "Datacenter proxies",
    RESIDENTIAL: "Residential proxies",
    SERP: "Google SERP proxies",
}
"""The groups that every user has, with their descriptions. The names are those of common groups of the platform."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that traffic is sent through. If it has a password but no user name, the client's user name is used."""

    scheme: str
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """The address without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """`upstreams` are by group; `*` stands for all other groups. Groups without an upstream go out directly.

    `allowed` are hosts in lower case, each with a port or None for all ports, that the proxy may reach although they
    are not public.
    """

    enabled: bool = True
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    allowed: frozenset[tuple[str, int | None]] = frozenset()

    @property
    def groups(self) -> Mapping[str, str]:
        """The groups that clients may name, with their descriptions."""
        own = {name: "Upstream proxy" for name in self.upstreams if name not in GROUPS and name != ALL_GROUPS}
        return {**GROUPS, **own}


def parse_proxy_settings(upstream: str, allow: str) -> ProxySettings:
    """Parse GREENROOM_PROXY_UPSTREAM and GREENROOM_PROXY_ALLOW.

    Raises ValueError with a message that names the variable and contains no password.
    """
    return ProxySettings(
        enabled=upstream.strip().lower() != OFF,
        upstreams={} if upstream.strip().lower() in ("", OFF) else _upstreams(upstream),
        allowed=frozenset(_allowed(text.strip()) for text in allow.split(",") if text.strip()),
    )


def _upstreams(text: str) -> dict[str, Upstream]:
    upstreams: dict[str, Upstream] = {}
    for part in PARTS.split(text.strip()):
        named = re.fullmatch(rf"({GROUP.pattern}|\*)=(.*)", part.strip())
        group, url = (named[1], named[2]) if named else (ALL_GROUPS, part.strip())
        if group in upstreams:
            raise ValueError(f"GREENROOM_PROXY_UPSTREAM has two upstreams for the group '{group}'")
        upstreams[group] = _upstream(group, url)
    return upstreams


def _upstream(group: str, url: str) -> Upstream:
    problem = ValueError(
        f"GREENROOM_PROXY_UPSTREAM has no valid URL for the group '{group}': write {OFF}, "
        f"SCHEME://USER:PASSWORD@HOST:PORT or GROUP=URL,*=URL, with one of the schemes {', '.join(SCHEMES)}"
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise problem
    scheme = "socks5" if parts.scheme == "socks5h" else parts.scheme
    return Upstream(scheme, parts.hostname, port or SCHEMES[parts.scheme], *_credentials(parts))


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    username = unquote(parts.username) if parts.username else None
    return username, None if parts.password is None else unquote(parts.password)


def _allowed(text: str) -> tuple[str, int | None]:
    found = ALLOWED.fullmatch(text.lower())
    if found is None or int(found["port"] or 1) > 65_535:
        raise ValueError(
            f"GREENROOM_PROXY_ALLOW must list hosts as HOST or HOST:PORT, separated by commas, not '{text}'"
        )
    return found["host"].strip("[]"), int(found["port"]) if found["port"] else None
