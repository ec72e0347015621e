"""Which hosts the proxy may reach: public addresses, and the local hosts that the operator allowed.

A name is resolved once, every address that it resolves to is checked, and the connection goes to a checked address. So
a name that resolves to another address a moment later reaches nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

import psutil

from runtime.base.addresses import HOST_IN_CONTAINERS, WEB_SERVER_DOMAIN
from runtime.base.ip_addresses import meanings
from runtime.base.proxy_settings import ProxySettings
from runtime.proxy.errors import ProxyFailure

LOCAL_NAMES = frozenset({"localhost", WEB_SERVER_DOMAIN, HOST_IN_CONTAINERS})
RESOLVE_SECS = 15.0


def own_addresses() -> frozenset[str]:
    """The addresses of this machine's network interfaces."""
    return frozenset(
        address.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in (socket.AF_INET, socket.AF_INET6)
    )


class Destinations:
    """Checks targets. `own_ports` are the ports of the API and of the proxy.

    `host_address` is the address of this machine in containers, which an allowed `host.greenroom.internal` means.
    """

    def __init__(
        self,
        settings: ProxySettings,
        own_ports: Iterable[int],
        host_address: str,
        interfaces: Callable[[], frozenset[str]] = own_addresses,
    ) -> None:
        self._allowed = settings.allowed
        self._own_ports = frozenset(own_ports)
        self._host_address = host_address
        self._interfaces = interfaces

    async def resolve(self, host: str, port: int) -> list[str]:
        """The checked addresses of a target. Raises ProxyFailure, and socket.gaierror for an unknown name."""
        name = host.lower().rstrip(".")
        is_allowed = not self._allowed.isdisjoint({(name, None), (name, port)})
        if is_local_name(name):
            addresses = [self._host_address] if name == HOST_IN_CONTAINERS else ["127.0.0.1", "::1"]
            if not is_allowed:
                raise _forbidden(host, port)
        else:
            addresses = await _addresses(name, port)
        if not (is_allowed and ((name, port) in self._allowed or port not in self._own_ports)):
            self._check(host, port, addresses)
        return addresses

    def check_literal(self, host: str, port: int) -> None:
        """Check a target that an upstream proxy will resolve, as far as its name shows. Raises ProxyFailure."""
        name = host.lower().rstrip(".")
        if not self._allowed.isdisjoint({(name, None), (name, port)}):
            return
        if is_local_name(name):
            raise _forbidden(host, port)
        address = _literal(name)
        if address is not None:
            self._check(host, port, [address])

    def _check(self, host: str, port: int, addresses: list[str]) -> None:
        interfaces = self._interfaces()
        for each in addresses:
            if each in interfaces or not is_public(each):
                raise _forbidden(host, port)


def is_local_name(name: str) -> bool:
    """Whether a host name in lower case means this machine, whatever a resolver returns for it."""
    return name in LOCAL_NAMES or name.endswith(".localhost") or name.endswith(f".{HOST_IN_CONTAINERS}")


def is_public(text: str) -> bool:
    """Whether an address, and an IPv4 address that is embedded in it, is globally reachable."""
    return all(each.is_global and not each.is_multicast for each in meanings(text))


def _literal(name: str) -> str | None:
    """The address that a name is, in any notation that the resolver accepts, such as `127.1`."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0]).partition("%")[0]


async def _addresses(name: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECS):
            found = await loop.run_in_executor(
                None, lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            )
    except UnicodeError as problem:  # labels that are empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "invalid name") from problem
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _forbidden(host: str, port: int) -> ProxyFailure:
    return ProxyFailure(
        403,
        f"The proxy does not connect to {host}:{port}, because it is not a public address. To allow it, set "
        f"GREENROOM_PROXY_ALLOW={host}:{port} for the Greenroom server.",
    )
