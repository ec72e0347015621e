from __future__ import annotations

from typing import Any

import pytest

from api.request.allowed_hosts import AllowedHosts
from runtime.base.errors import Forbidden, Invalid

HOSTS = AllowedHosts({3333, 4000}, "172.30.0.1")


def scope(method: str = "POST", path: str = "/v2/actors", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": named}


@pytest.mark.parametrize(
    "host",
    [
        "localhost:3333",
        "LocalHost:3333",
        "127.0.0.1:3333",
        "[::1]:3333",
        "host.greenroom.internal:3333",
        "172.30.0.1:3333",
        "anykey.runs.localhost:3333",
        "host.greenroom.internal:4000",
        "anykey.runs.localhost:4000",
    ],
)
def test_hosts_that_are_allowed(host: str) -> None:
    HOSTS.check_host(scope(host=host))


def test_a_second_host_is_invalid() -> None:
    twice = scope(host="localhost:3333")
    twice["headers"] *= 2
    with pytest.raises(Invalid):
        HOSTS.check_host(twice)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "localhost:80",
        "localhost:3333.evil.example",
        "evil.example:3333",
        "evil.localhost:3333",
        "runs.localhost:3333",
        "a.b.runs.localhost:3333",
        ".runs.localhost:3333",
        "evil.com/.runs.localhost:3333",
        "evil/.runs.localhost:3333",
        "anykey.runs.localhost:4001",
        "anykey.runs.localhost",
        "anykey.runs.localhost:" + "3" * 5000,
        "localhost:33333",
        "127.0.0.1.nip.io:3333",
        "172.30.0.2:3333",
    ],
)
def test_hosts_that_are_rejected(host: str) -> None:
    with pytest.raises(Forbidden) as problem:
        HOSTS.check_host(scope(host=host))
    assert problem.value.slug == "host-not-allowed"


def test_on_port_80_a_host_needs_no_port() -> None:
    for host in ("localhost", "anykey.runs.localhost"):
        AllowedHosts({80}, None).check_host(scope(host=host))


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("POST", {}, True),
        ("POST", {"origin": "http://localhost:3333"}, True),
        ("POST", {"origin": "http://LOCALHOST:3333"}, True),
        ("POST", {"sec_fetch_site": "same-origin"}, True),
        ("POST", {"sec_fetch_site": "none"}, True),
        ("POST", {"origin": "http://localhost:4444"}, False),
        ("POST", {"origin": "https://localhost:3333"}, False),
        ("POST", {"origin": "http://k3y.runs.localhost:3333"}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": ""}, False),
        ("POST", {"sec_fetch_site": "same-site"}, False),
        ("POST", {"sec_fetch_site": "cross-site"}, False),
        ("POST", {"origin": "http://localhost:3333", "sec_fetch_site": "cross-site"}, False),
        ("PUT", {"sec_fetch_site": "cross-site"}, False),
        ("PATCH", {"sec_fetch_site": "cross-site"}, False),
        ("DELETE", {"origin": "http://evil.example"}, False),
        ("GET", {"origin": "http://evil.example", "sec_fetch_site": "cross-site"}, True),
        ("HEAD", {"sec_fetch_site": "cross-site"}, True),
        ("OPTIONS", {"origin": "http://evil.example"}, True),
    ],
)
def test_a_page_of_another_origin_can_read_but_not_write(method: str, headers: dict[str, str], allowed: bool) -> None:
    if allowed:
        HOSTS.check_origin(scope(method, **headers))
    else:
        with pytest.raises(Forbidden):
            HOSTS.check_origin(scope(method, **headers))


@pytest.mark.parametrize("path", ["/v2/actors/x/run-sync", "/v2/actors/x/run-sync-get-dataset-items"])
def test_get_requests_that_start_runs_are_writes(path: str) -> None:
    with pytest.raises(Forbidden):
        HOSTS.check_origin(scope("GET", path, sec_fetch_site="cross-site"))
