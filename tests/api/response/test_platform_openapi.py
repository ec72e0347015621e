"""The OpenAPI document of the routes below /v2: valid, complete, and nothing in it that the server does not have."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from schemathesis.specs.openapi import definitions

from api.app import ROUTERS
from api.response.platform_openapi import platform_document
from api.response.platform_parameters import BODIES, PARAMETERS, PATH_PARAMETERS, PUBLIC, WITHOUT_BODY
from api.routes.greenroom import openapi_document
from tests.api.permissions.test_every_route import NEEDS_NO_TOKEN
from tests.api.test_parameters import ROWS
from tests.fakes.api import Api

API = Path(__file__).resolve().parents[3] / "api"
OF_PAGES = {"code", "page"}
"""The parameters of the page that signs a browser in, which is not part of the API."""
READERS = {"text", "flag", "integer", "number", "texts", "choice", "choices"}


@cache
def document() -> dict[str, Any]:
    return platform_document([route for router in ROUTERS for route in router.routes], "1.0")


def operations() -> dict[str, dict[str, Any]]:
    paths = document()["paths"]
    return {f"{method.upper()} {path}": each for path, methods in paths.items() for method, each in methods.items()}


def test_it_is_a_valid_openapi_document() -> None:
    definitions.OPENAPI_31_VALIDATOR.validate(document())
    ids = [each["operationId"] for each in operations().values()]
    assert len(ids) == len(set(ids))


def test_it_has_exactly_the_routes_of_the_application() -> None:
    routes = {
        f"{method} {route.path.replace(':path', '')}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith("/v2/")
        for method in route.methods or ()
    }
    assert operations().keys() == routes


def test_its_tables_name_only_what_exists() -> None:
    known = operations()
    assert {*PARAMETERS, *BODIES, *WITHOUT_BODY, *PUBLIC} <= known.keys()
    used = {each["name"] for operation in known.values() for each in operation["parameters"] if each["in"] == "path"}
    assert used == PATH_PARAMETERS.keys()
    assert {each for each in NEEDS_NO_TOKEN if "/v2/" in each} == PUBLIC


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.operation} {row.parameter}")
def test_it_has_every_parameter_with_an_effect(row: Any) -> None:
    operation = re.sub(r"{\w+}", "{}", row.operation).replace("/runs/last", "/runs")  # an alias filters as the list
    named = {re.sub(r"{\w+}", "{}", name): each for name, each in operations().items()}[operation]
    assert row.parameter in {each["name"] for each in named["parameters"]}


def test_it_has_every_parameter_that_a_handler_reads() -> None:
    paths = [*document()["paths"].values(), *openapi_document()["paths"].values()]
    known = {
        each["name"] for methods in paths for operation in methods.values() for each in operation.get("parameters", ())
    }
    calls = (node for file in API.rglob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    read = {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in READERS
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }
    assert read - OF_PAGES <= known


async def test_the_server_returns_it(api: Api) -> None:
    answer = await api.call("GET", "/greenroom/platform-openapi.json", token=None)
    assert answer.json()["paths"].keys() == document()["paths"].keys()
    assert answer.json()["paths"]["/v2/actors/{actor}/runs"]["post"]["summary"] == "Start run"
