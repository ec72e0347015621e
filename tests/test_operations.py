"""The check of all operations finds each kind of invalid response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.openapi import Call, Contract
from tests.operations import check_all, in_phases

TIME = {"type": "string", "format": "date-time"}
SCHEMA = {"type": "object", "required": ["data"], "properties": {"data": {"properties": {"at": TIME}}}}


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """A document with one operation."""
    responses = {"200": {"content": {"application/json": {"schema": SCHEMA}}}}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps({"paths": {"/v2/one": {"get": {"responses": responses}}}}))
    return Contract(file)


def response(data: Any, status: int = 200) -> Call:
    return Call("GET", "/v2/one", httpx.Response(status, json={"data": data}))


@pytest.mark.parametrize(
    ("calls", "problem"),
    [
        ([], "GET /v2/one: was not called"),
        ([response({}, 404)], "GET /v2/one: 404"),
        ([response({}, 201)], "201 is not among 200"),
        ([response({"at": "2026-01-01"})], "'2026-01-01' is not a 'date-time'"),
        ([response({"items": []})], "its list is empty"),
        ([Call("GET", "/v2/one", httpx.Response(200, text="{}"))], "text/plain is not among"),
    ],
)
def test_an_invalid_response_is_listed(
    contract: Contract, calls: list[Call], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError, match=problem):
        check_all(calls, contract)
    assert "0 of 1 operations" in capsys.readouterr().out


def test_the_table_has_all_operations(contract: Contract, capsys: pytest.CaptureFixture[str]) -> None:
    check_all([response({"at": "2026-01-01T00:00:00.000Z"})], contract)
    assert capsys.readouterr().out == "GET    /v2/one: valid\n1 of 1 operations return a valid response\n"


def test_what_belongs_to_an_object_is_deleted_before_it() -> None:
    operations = [("DELETE", "/a"), ("POST", "/a/runs"), ("DELETE", "/a/b"), ("GET", "/a")]
    assert in_phases(operations) == ([("POST", "/a/runs")], [("GET", "/a")], [("DELETE", "/a/b"), ("DELETE", "/a")])
