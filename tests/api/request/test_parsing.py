from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from starlette.requests import Request

from api.request import parsing
from api.request.access import Caller
from api.request.params import Params
from runtime.base.errors import Invalid
from runtime.base.records import EnvVar, PermissionLevel, RunDefaults, RunFilter
from runtime.runs.options import StartOptions
from tests.fakes.clock import START
from tests.fakes.records import a_run, a_user, a_version

ANN = Caller(a_user())
HOOK = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "https://example.com/?a=~~~???>>>"}


def params(query: str) -> Params:
    return Params(Request({"type": "http", "query_string": query.encode(), "headers": []}))


def test_without_options_everything_is_the_actors() -> None:
    assert (
        parsing.start_options(params(""), ANN)
        == parsing.start_options(params("memory=&timeout=&build="), ANN)
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
def test_the_query_of_a_start(query: str, options: dict[str, Any]) -> None:
    assert parsing.start_options(params(query), ANN) == StartOptions(**options)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    "write",
    [
        lambda raw: base64.b64encode(raw).decode(),
        lambda raw: base64.b64encode(raw).decode().rstrip("="),
        lambda raw: base64.b64encode(raw).decode().replace("+", " "),
        lambda raw: base64.urlsafe_b64encode(raw).decode(),
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ],
    ids=["standard", "no padding", "plus as space", "url-safe", "url-safe, no padding"],
)
def test_webhooks_come_in_any_base64(write: Any, count: int) -> None:
    hooks = [{**HOOK, "idempotencyKey": "x" * number} for number in range(count)]
    read = parsing.webhooks(write(json.dumps(hooks).encode()), ANN)
    assert [each.idempotency_key or "" for each in read] == [each["idempotencyKey"] for each in hooks]


@pytest.mark.parametrize(
    "webhook",
    [
        {},
        {"eventTypes": []},
        {**HOOK, "eventTypes": "A"},
        {**HOOK, "requestUrl": "file:///etc/passwd"},
        {**HOOK, "requestUrl": "http://"},
        {**HOOK, "requestUrl": "http://some where"},
        {**HOOK, "eventTypes": ["ACTOR.RUN.DREAMT"]},
        {"eventTypes": ["TEST"]},
    ],
)
def test_a_webhook_that_could_never_fire_is_refused(webhook: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        parsing.webhooks(base64.b64encode(json.dumps([webhook]).encode()).decode(), ANN)


@pytest.mark.parametrize(("level", "acts"), [(PermissionLevel.LIMITED, False), (PermissionLevel.FULL, True)])
def test_a_webhook_of_a_limited_run_does_not_act_for_its_owner(level: PermissionLevel, acts: bool) -> None:
    caller = Caller(a_user(), a_run(permission_level=level))
    assert parsing.webhook_draft(HOOK, caller).acts_for_owner == acts
    assert ("acts_for_owner" in parsing.webhook_fields({"doNotRetry": True}, caller)) != acts


def test_a_list_of_runs_is_narrowed_by_the_query() -> None:
    moments = "startedAfter=2023-11-14T22:13:20.000Z&startedBefore=2023-11-14T23:13:20%2B01:00"
    query = f"status=SUCCEEDED,FAILED&origin=API&{moments}"
    assert parsing.run_filter(params(query)) == RunFilter(("SUCCEEDED", "FAILED"), "API", START, START)


@pytest.mark.parametrize(
    ("headers", "by_run", "origin"),
    [
        ({}, False, "API"),
        ({"x-apify-request-origin": "CLI"}, False, "CLI"),
        ({"x-apify-request-origin": "NONSENSE"}, False, "API"),
        ({"user-agent": "ApifyClient/1 (linux); isAtHome/true"}, False, "ACTOR"),
        ({"user-agent": "ApifyClient/1 (linux); isAtHome/false"}, False, "API"),
        ({}, True, "ACTOR"),
        ({"x-apify-request-origin": "WEB"}, True, "WEB"),
    ],
)
def test_where_a_job_comes_from(headers: dict[str, str], by_run: bool, origin: str) -> None:
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "headers": named, "client": ("127.0.0.1", 5)})
    meta = parsing.meta(request, Caller(a_user(), a_run() if by_run else None))
    assert (meta.origin, meta.client_ip) == (origin, "127.0.0.1")
    assert meta.user_agent == headers.get("user-agent")


def test_fields_of_an_actor_that_the_body_leaves_out_stay() -> None:
    assert parsing.actor_fields({}, RunDefaults(), {}) == {}
    fields = parsing.actor_fields(
        {
            "name": "hello",
            "title": None,
            "isPublic": False,
            "defaultRunOptions": {"timeoutSecs": 60},
            "seoTitle": "SEO",
            "nonsense": 1,
        },
        RunDefaults(memory_mbytes=2048),
        {"categories": ["A"]},
    )
    assert fields == {
        "name": "hello",
        "title": None,
        "is_public": False,
        "defaults": RunDefaults(memory_mbytes=2048, timeout_secs=60),
        "extra": {"categories": ["A"], "seoTitle": "SEO"},
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"restartOnError": True}, True),
        ({"defaultRunOptions": {"restartOnError": True}}, True),
        ({"defaultRunOptions": {"restartOnError": False}, "restartOnError": True}, False),
    ],
)
def test_restart_on_error_stands_in_either_place(body: dict[str, Any], expected: bool) -> None:
    assert parsing.actor_fields(body, RunDefaults(), {})["defaults"].restart_on_error is expected


def test_a_secret_sent_without_a_value_keeps_the_one_it_has() -> None:
    known = a_version(env_vars=(EnvVar(name="A", value="hunter2", is_secret=True), EnvVar(name="B", value="open")))
    sent = {"envVars": [{"name": "A", "isSecret": True}, {"name": "B"}, {"name": "C", "isSecret": True}]}
    read = parsing.version(sent, ANN, START, "0.0", known)
    assert [(each.name, each.value) for each in read.env_vars] == [("A", "hunter2"), ("B", ""), ("C", "")]


def test_a_secret_can_be_changed_and_emptied() -> None:
    known = a_version(env_vars=(EnvVar(name="A", value="hunter2", is_secret=True),))
    for value in ("new", ""):
        sent = {"envVars": [{"name": "A", "value": value, "isSecret": True}]}
        assert parsing.version(sent, ANN, START, "0.0", known).env_vars[0].value == value
