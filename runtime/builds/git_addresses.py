"""The addresses of git repositories: resolved and checked before git starts.

Git opens its connections itself. Over HTTP, it is bound to the addresses that were checked. Over ssh and git's own
protocol it resolves the name again, and it follows a redirect of the first HTTP request to any host.
"""

from __future__ import annotations

import asyncio
import re
from socket import SOCK_STREAM, gaierror
from typing import NamedTuple

from yarl import URL

from runtime.base.errors import Invalid
from runtime.base.outbound_policy import ForbiddenAddress, OutboundPolicy

SSH_SHORT_FORM = re.compile(r"^(?:[^/@:]+@)?(\[[^\]]+\]|[^/:@]+):(?!//)")
"""`user@host:path`, as in `git@github.com:owner/name.git`."""
DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}


class Host(NamedTuple):
    name: str
    port: int
    is_http: bool


async def allowed_addresses(url: str, policy: OutboundPolicy) -> list[str]:
    """Check the addresses of a repository's host, and return the options that bind git to them over HTTP.

    A name that this machine does not resolve is left to git: it may be an alias in the settings of ssh, or only the
    proxy knows it. Raises Invalid.
    """
    host = parse_host(url)
    if host is None:
        return []
    addresses = await _resolve(host)
    try:
        for address in addresses:
            policy.check(address)
    except ForbiddenAddress as problem:
        raise Invalid("invalid-value", f"The repository cannot be fetched: {problem.strerror}") from problem
    if not addresses or not host.is_http or host.name in addresses:
        return []
    literals = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    return [f"{host.name}:{host.port}:{literals}"]


def parse_host(url: str) -> Host | None:
    """Return the host that git connects to, or None if the URL names none."""
    short_form = SSH_SHORT_FORM.match(url)
    if short_form is not None:
        return Host(short_form[1].strip("[]"), DEFAULT_PORTS["ssh"], is_http=False)
    try:
        parts = URL(url, encoded=True)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError as problem:
        raise Invalid("invalid-value", f"The address of the repository is not a valid URL: {problem}") from problem
    return Host(parts.host, port, parts.scheme.startswith("http")) if parts.host else None


async def _resolve(host: Host) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.name, host.port, type=SOCK_STREAM)
    except (gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
