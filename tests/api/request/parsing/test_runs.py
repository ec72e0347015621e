from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from api.request.callers import Caller
from api.request.params import Params
from api.request.parsing.runs import parse_run_filter, parse_start_options
from runtime.base.errors import Invalid
from runtime.base.records import PermissionLevel, RunFilter
from runtime.runs.options import StartOptions
from tests.fakes.clock import START
from tests.fakes.records import a_user

ANN = Caller(a_user())


def params(query: str) -> Params:
    return Params(Request({"type": "http", "query_string": query.encode(), "headers": []}))


def test_without_a_query_there_are_no_options() -> None:
    assert (
        parse_start_options(params(""), ANN)
        == parse_start_options(params("memory=&timeout=&build="), ANN)
        == StartOptions()
    )


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("memory=256", {"memory_mbytes": 256}),
        ("memory=300.5", {"memory_mbytes": 300.5}),
        ("timeout=60", {"timeout_secs": 60}),
        ("timeout=0", {"timeout_secs": 0}),
        ("timeout=0.4", {"timeout_secs": 1}),
        ("timeout=59.6", {"timeout_secs": 60}),
        ("build=0.1.2", {"build": "0.1.2"}),
        ("maxItems=10.0", {"max_items": 10}),
        ("maxTotalChargeUsd=0.5", {"max_total_charge_usd": 0.5}),
        ("restartOnError=1", {"restart_on_error": True}),
        ("restartOnError=false", {"restart_on_error": False}),
        ("forcePermissionLevel=FULL_PERMISSIONS", {"permission_level": PermissionLevel.FULL}),
        ("unknown=1&status=x", {}),
    ],
)
def test_the_query_sets_the_options_of_a_run(query: str, options: dict[str, Any]) -> None:
    assert parse_start_options(params(query), ANN) == StartOptions(**options)


@pytest.mark.parametrize(
    "query", ["status=DONE", "status=SUCCEEDED,succeeded", "status=TIMED_OUT", "origin=MARS", "origin=api"]
)
def test_an_unknown_filter_is_rejected(query: str) -> None:
    with pytest.raises(Invalid, match="must be one of"):
        parse_run_filter(params(query))


@pytest.mark.parametrize("origin", ["CI", "MCP", "STANDBY"])
def test_every_origin_of_the_platform_is_known(origin: str) -> None:
    assert parse_run_filter(params(f"origin={origin}")).origin == origin


def test_the_query_filters_a_list_of_runs() -> None:
    times = "startedAfter=2023-11-14T22:13:20.000Z&startedBefore=2023-11-14T23:13:20%2B01:00"
    query = f"status=SUCCEEDED,FAILED&origin=API&{times}"
    assert parse_run_filter(params(query)) == RunFilter(("SUCCEEDED", "FAILED"), "API", START, START)
