from __future__ import annotations

import socket

import pytest

from runtime.base.proxy_settings import parse_proxy_settings
from runtime.proxy.destinations import Destinations, own_addresses
from runtime.proxy.errors import ProxyFailure

API_PORT = 3333
INTERFACES = frozenset({"8.8.4.4", "172.18.0.1"})


def destinations(allow: str = "") -> Destinations:
    return Destinations(parse_proxy_settings("", allow), {API_PORT}, "172.18.0.1", lambda: INTERFACES)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.", "a.localhost", "key.runs.localhost", "host.greenroom.internal"),
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "0", "::1", "::", "::ffff:127.0.0.1"),
        *("169.254.169.254", "::ffff:a9fe:a9fe", "fe80::1", "fd00:ec2::254", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *("10.0.0.1", "172.17.0.2", "192.168.1.1", "100.64.0.1", "224.0.0.1", "ff02::1", "255.255.255.255"),
        *("8.8.4.4", "::ffff:172.18.0.1", "::127.0.0.1"),
    ],
)
async def test_hosts_that_are_not_public_are_rejected(host: str) -> None:
    with pytest.raises(ProxyFailure) as raised:
        await destinations().resolve(host, 80)
    assert raised.value.status == 403
    with pytest.raises(ProxyFailure):
        destinations().check_literal(host if host != "8.8.4.4" else "10.0.0.1", 80)


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700:4700::1111"])
async def test_public_addresses_are_reached(host: str) -> None:
    assert await destinations().resolve(host, 443) == [host]
    destinations().check_literal(host, 443)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let each resolution of a name return the next answer. Returns the names that were resolved."""
    remaining, resolved = list(answers), []

    def getaddrinfo(host: str, port: int | None, **_: object) -> list[tuple[object, ...]]:
        resolved.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in remaining.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return resolved


async def test_every_address_of_a_name_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["1.1.1.1", "127.0.0.1"])
    with pytest.raises(ProxyFailure):
        await destinations().resolve("rebound.example", 80)


async def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the checked address, whatever the name resolves to later."""
    resolved = resolve_to(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
    assert await destinations().resolve("rebound.example", 80) == ["1.1.1.1"]
    assert resolved == ["rebound.example"]


async def test_an_invalid_name_is_unknown() -> None:
    with pytest.raises(socket.gaierror):
        await destinations().resolve(f"{'x' * 64}.example", 80)


@pytest.mark.parametrize(
    ("allow", "port", "is_reached"),
    [
        ("localhost", 8080, True),
        ("localhost:8080", 8080, True),
        ("LocalHost:8080", 8080, True),
        ("localhost:8080", 8081, False),
        ("127.0.0.1", 8080, False),
        ("localhost", API_PORT, False),
        (f"localhost:{API_PORT}", API_PORT, True),
    ],
)
async def test_allowed_hosts(allow: str, port: int, is_reached: bool) -> None:
    """The ports of the API and of the proxy have to be named."""
    if is_reached:
        assert await destinations(allow).resolve("localhost", port) == ["127.0.0.1", "::1"]
        return
    with pytest.raises(ProxyFailure):
        await destinations(allow).resolve("localhost", port)


async def test_an_allowed_name_of_this_machine_in_containers_means_the_gateway() -> None:
    allowed = destinations("host.greenroom.internal")
    assert await allowed.resolve("host.greenroom.internal", 8080) == ["172.18.0.1"]


def test_the_addresses_of_this_machine_include_loopback() -> None:
    assert "127.0.0.1" in own_addresses()
