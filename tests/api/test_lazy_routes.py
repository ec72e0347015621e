"""Lazy routes behave like FastAPI's own, and prepare nothing before their first request."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api.app import ROUTERS
from api.lazy_routes import LazyRoute, Router


class Doubled(BaseModel):
    name: str
    value: int


def app_with(router: APIRouter) -> FastAPI:
    @router.get("/things/{name}")
    async def double(name: str, value: Annotated[int, Query(ge=1)]) -> Doubled:
        """Double a value."""
        return Doubled(name=name, value=2 * value)

    @router.post("/things/{name}")
    async def replace(name: str) -> Doubled:
        return Doubled(name=name, value=0)

    @router.get("/others")
    async def others() -> list[str]:
        return []

    app = FastAPI()
    app.router.routes.extend(router.routes)
    return app


def is_prepared(route: LazyRoute) -> bool:
    return "dependant" in vars(route)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/things/a?value=2"),
        ("GET", "/things/a?value=0"),
        ("GET", "/things/a"),
        ("POST", "/things/b"),
        ("PUT", "/things/b"),
        ("GET", "/things"),
        ("GET", "/things/a/b"),
        ("GET", "/others"),
        ("GET", "/openapi.json"),
    ],
)
def test_the_response_is_the_same_as_that_of_fastapis_routes(method: str, path: str) -> None:
    lazy, eager = (TestClient(app_with(router)).request(method, path) for router in (Router(), APIRouter()))
    assert (lazy.status_code, lazy.headers, lazy.content) == (eager.status_code, eager.headers, eager.content)


def test_a_request_prepares_only_its_own_route() -> None:
    app = app_with(Router())
    TestClient(app).get("/things/a?value=2")
    routes = [route for route in app.routes if isinstance(route, LazyRoute)]
    assert [is_prepared(route) for route in routes] == [True, False, False]


def test_an_unknown_attribute_is_an_error() -> None:
    route = app_with(Router()).routes[-1]
    for _ in range(2):
        with pytest.raises(AttributeError, match="no_such_attribute"):
            _ = route.no_such_attribute  # type: ignore[attr-defined]


def test_all_routes_are_lazy() -> None:
    assert {type(route).__name__ for router in ROUTERS for route in router.routes} == {
        "LazyRoute",
        "APIWebSocketRoute",
    }
