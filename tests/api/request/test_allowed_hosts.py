from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from api.request.allowed_hosts import AllowedHosts
from api.request.cross_origin import CrossOrigin
from api.request.writes import SAFE_METHODS, Writes
from api.routes.starting_runs import RunStart
from runtime.base.errors import Forbidden, Invalid

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def methods_of(route: APIRoute) -> set[str]:
    return set(route.methods or ())


def hosts(
    *ports: int, gateway: str | None = None, origins: frozenset[str] = frozenset(), users: bool = False
) -> AllowedHosts:
    return AllowedHosts(set(ports), gateway, CrossOrigin(origins, has_users=users), Writes(ROUTES).include)


HOSTS = hosts(3333, 4000, gateway="172.30.0.1")


def scope(method: str = "POST", path: str = "/v2/actors", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": named, "query_string": b""}


@pytest.mark.parametrize(
    "host",
    [
        "localhost:3333",
        "LocalHost:3333",
        "127.0.0.1:3333",
        "[::1]:3333",
        "host.greenroom.internal:3333",
        "172.30.0.1:3333",
        "host.greenroom.internal:4000",
    ],
)
def test_hosts_that_are_allowed(host: str) -> None:
    HOSTS.check_host(scope(host=host))
    HOSTS.check_web_server_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "anykey.runs.localhost:3333",
        "ANYKEY.runs.localhost:4000",
        "local--my-actor.localhost:3333",
        "AbCdEfGhIjKlMnOpQ.localhost:3333",
    ],
)
def test_hosts_of_web_servers_do_not_reach_the_api(host: str) -> None:
    HOSTS.check_web_server_host(host)
    with pytest.raises(Forbidden):
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
        "local--my-actor.localhost:4001",
        "--evil.localhost:3333",
        "127.0.0.1.nip.io:3333",
        "172.30.0.2:3333",
    ],
)
def test_hosts_that_are_rejected(host: str) -> None:
    with pytest.raises(Forbidden) as problem:
        HOSTS.check_host(scope(host=host))
    assert problem.value.slug == "host-not-allowed"


def test_on_port_80_a_host_needs_no_port() -> None:
    hosts(80).check_host(scope(host="localhost"))
    for host in ("localhost", "anykey.runs.localhost"):
        hosts(80).check_web_server_host(host)


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


def path_of(route: APIRoute) -> str:
    return re.sub(r"\{[^}]+\}", "x", route.path)


def starts_a_run(route: APIRoute) -> bool:
    (start,) = RunStart.__metadata__  # type: ignore[attr-defined]
    return any(each.call is start.dependency for each in route.dependant.dependencies)


def test_every_route_that_starts_runs_or_writes_is_protected_with_every_method() -> None:
    """A page of another origin can send GET without a preflight, for example as the address of an image."""
    acting = [route for route in ROUTES if starts_a_run(route) or not methods_of(route) <= SAFE_METHODS]
    for route in acting:
        for method in methods_of(route):
            for headers in ({"origin": "http://evil.example"}, {"sec_fetch_site": "cross-site"}):
                with pytest.raises(Forbidden):
                    HOSTS.check_origin(scope(method, path_of(route), **headers))
    on_get = {path_of(route) for route in acting if "GET" in methods_of(route)}
    assert on_get == {
        "/v2/actors/x/run-sync",
        "/v2/actors/x/run-sync-get-dataset-items",
        "/v2/actor-tasks/x/run-sync",
        "/v2/actor-tasks/x/run-sync-get-dataset-items",
    }


def test_routes_that_only_read_are_open_to_links() -> None:
    for route in ROUTES:
        if methods_of(route) <= SAFE_METHODS:
            HOSTS.check_origin(scope("GET", path_of(route), sec_fetch_site="cross-site"))


def test_pages_of_listed_origins_may_write() -> None:
    listed = hosts(3333, origins=frozenset({"https://app.example"}))
    listed.check_origin(scope(origin="https://app.example", sec_fetch_site="cross-site"))
    for origin in ("https://app.example.evil.example", "http://app.example", "https://app.example:444", "null", ""):
        with pytest.raises(Forbidden):
            listed.check_origin(scope(origin=origin, sec_fetch_site="cross-site", authorization="Bearer x"))


def test_with_users_a_token_permits_any_origin() -> None:
    """Nobody can guess a user's token. The token is checked afterwards."""
    with_users = hosts(3333, users=True)
    with_users.check_origin(scope(origin="https://app.example", authorization="Bearer x"))
    with_users.check_origin({**scope(origin="null"), "query_string": b"token=x"})
    for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer "}):
        with pytest.raises(Forbidden):
            with_users.check_origin(scope(origin="https://app.example", **headers))
