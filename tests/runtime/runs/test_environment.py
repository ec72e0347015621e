from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from runtime.base.addresses import Addresses
from runtime.base.plans import LOCAL, PLANS, Plan
from runtime.base.records import EnvVar, Meta, Metamorph, Origin, TaggedBuild
from runtime.builds.web_server_port import WEB_SERVER_PORT_NAMES
from runtime.runs import environment
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_pricing, a_run, a_user, an_actor, options

ADDRESSES = Addresses(port=3333, resolves_subdomains=True)

SAME_VALUE = [
    ("ACTOR_ID", "APIFY_ACTOR_ID", "APIFY_ACT_ID"),
    ("ACTOR_RUN_ID", "APIFY_ACTOR_RUN_ID", "APIFY_ACT_RUN_ID"),
    ("ACTOR_BUILD_ID", "APIFY_ACTOR_BUILD_ID"),
    ("ACTOR_BUILD_NUMBER", "APIFY_ACTOR_BUILD_NUMBER"),
    ("ACTOR_TASK_ID", "APIFY_ACTOR_TASK_ID"),
    ("ACTOR_STARTED_AT", "APIFY_STARTED_AT"),
    ("ACTOR_TIMEOUT_AT", "APIFY_TIMEOUT_AT"),
    ("ACTOR_MEMORY_MBYTES", "APIFY_MEMORY_MBYTES"),
    ("ACTOR_INPUT_KEY", "APIFY_INPUT_KEY"),
    ("ACTOR_DEFAULT_KEY_VALUE_STORE_ID", "APIFY_DEFAULT_KEY_VALUE_STORE_ID"),
    ("ACTOR_DEFAULT_DATASET_ID", "APIFY_DEFAULT_DATASET_ID"),
    ("ACTOR_DEFAULT_REQUEST_QUEUE_ID", "APIFY_DEFAULT_REQUEST_QUEUE_ID"),
    ("ACTOR_EVENTS_WEBSOCKET_URL", "APIFY_ACTOR_EVENTS_WS_URL"),
    ("ACTOR_WEB_SERVER_PORT", "APIFY_CONTAINER_PORT", "ACTOR_STANDBY_PORT"),
    ("ACTOR_WEB_SERVER_URL", "APIFY_CONTAINER_URL"),
]


def variables(
    build: dict[str, Any] | None = None,
    actor: dict[str, Any] | None = None,
    charged: dict[str, int] | None = None,
    addresses: Addresses = ADDRESSES,
    plan: Plan = LOCAL,
    **run: Any,
) -> dict[str, str]:
    return environment.variables(
        a_run(**run),
        an_actor(**(actor or {})),
        a_user(id="owner1", username="alice"),
        a_build(**(build or {})),
        a_user(id="caller1", username="bob"),
        charged or {},
        addresses,
        plan,
    )


@pytest.mark.parametrize("names", SAME_VALUE, ids=lambda names: names[0])
def test_all_names_of_a_variable_have_the_same_value(names: tuple[str, ...]) -> None:
    found = variables()
    assert len({found[name] for name in names}) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACTOR_ID", "actor1"),
        ("ACTOR_FULL_NAME", "alice/hello"),
        ("ACTOR_RUN_ID", "run1"),
        ("ACTOR_BUILD_ID", "build1"),
        ("ACTOR_BUILD_NUMBER", "0.0.1"),
        ("ACTOR_TASK_ID", ""),
        ("ACTOR_STARTED_AT", "2023-11-14T22:13:20.000Z"),
        ("ACTOR_TIMEOUT_AT", "2023-11-14T23:13:20.000Z"),
        ("ACTOR_MEMORY_MBYTES", "1024"),
        ("APIFY_DEDICATED_CPUS", "0.25"),
        ("ACTOR_INPUT_KEY", "INPUT"),
        ("ACTOR_DEFAULT_KEY_VALUE_STORE_ID", "store1"),
        ("ACTOR_DEFAULT_DATASET_ID", "dataset1"),
        ("ACTOR_DEFAULT_REQUEST_QUEUE_ID", "queue1"),
        ("ACTOR_EVENTS_WEBSOCKET_URL", "ws://host.greenroom.internal:3333/greenroom/events/eventskeyrun1"),
        ("ACTOR_WEB_SERVER_PORT", "4321"),
        ("ACTOR_WEB_SERVER_URL", "http://webkeyrun1.runs.localhost:3333"),
        ("ACTOR_PERMISSION_LEVEL", "LIMITED_PERMISSIONS"),
        ("APIFY_API_BASE_URL", "http://host.greenroom.internal:3333"),
        ("APIFY_API_PUBLIC_BASE_URL", "http://localhost:3333"),
        ("APIFY_IS_AT_HOME", "1"),
        ("APIFY_HEADLESS", "1"),
        ("APIFY_META_ORIGIN", "CLI"),
        ("APIFY_TOKEN", "greenroom_run_run1"),
        ("APIFY_USER_ID", "caller1"),
    ],
)
def test_the_value_of_each_variable(name: str, value: str) -> None:
    assert variables(meta=Meta(origin=Origin.CLI))[name] == value


def test_the_variables_of_the_proxy() -> None:
    proxied = replace(ADDRESSES, proxy_port=18_000)
    found = variables(addresses=proxied, proxy_password="secret")
    assert {name: value for name, value in found.items() if "_PROXY_" in name} == {
        "APIFY_PROXY_HOSTNAME": "host.greenroom.internal",
        "APIFY_PROXY_PORT": "18000",
        "APIFY_PROXY_PASSWORD": "secret",
        "APIFY_PROXY_STATUS_URL": "http://host.greenroom.internal:18000",
    }
    assert "secret" in environment.secrets(a_run(proxy_password="secret"), a_build())


@pytest.mark.parametrize(("port", "password"), [(None, "secret"), (18_000, "")])
def test_without_a_proxy_or_a_password_the_variables_of_the_proxy_are_missing(port: int | None, password: str) -> None:
    found = variables(addresses=replace(ADDRESSES, proxy_port=port), proxy_password=password)
    assert not [name for name in found if "_PROXY_" in name]


@pytest.mark.parametrize(
    ("plan", "tier", "is_paying"),
    [
        (LOCAL, "FREE", None),
        (PLANS["free"], "FREE", None),
        (PLANS["starter"], "BRONZE", "1"),
        (PLANS["scale"], "SILVER", "1"),
        (PLANS["business"], "GOLD", "1"),
    ],
)
def test_the_plan_of_the_user_determines_the_tier_and_whether_the_user_pays(
    plan: Plan, tier: str, is_paying: str | None
) -> None:
    found = variables(plan=plan)
    assert (found["APIFY_USER_PRICING_TIER"], found.get("APIFY_USER_IS_PAYING")) == (tier, is_paying)


def test_one_variable_lists_the_storages_as_json() -> None:
    assert json.loads(variables()["ACTOR_STORAGES_JSON"]) == {
        "keyValueStores": {"default": "store1"},
        "datasets": {"default": "dataset1"},
        "requestQueues": {"default": "queue1"},
    }


def test_only_the_task_id_is_empty() -> None:
    empty = {name for name, value in variables().items() if value == ""}
    assert empty == {"ACTOR_TASK_ID", "APIFY_ACTOR_TASK_ID"}


def test_variables_that_the_sdks_parse_as_json_are_valid_json() -> None:
    found = variables()
    assert json.loads(found["APIFY_ACTOR_PRICING_INFO"]) == {}
    assert json.loads(found["APIFY_CHARGED_ACTOR_EVENT_COUNTS"]) == {}


def test_the_pricing_variable_has_only_the_fields_that_the_platform_includes() -> None:
    event = {"eventTitle": "Page", "eventPriceUsd": 0.1}
    shown = {
        "pricingModel": "PAY_PER_EVENT",
        "apifyMarginPercentage": 0.2,
        "createdAt": "2023-11-14T22:13:20.000Z",
        "pricingPerEvent": {"actorChargeEvents": {"page": {**event, "eventDescription": "A page was read"}}},
    }
    found = variables(charged={"page": 3}, pricing=a_pricing({"page": 0.1}, shown=shown))
    assert json.loads(found["APIFY_ACTOR_PRICING_INFO"]) == {
        "pricingModel": "PAY_PER_EVENT",
        "pricingPerEvent": {"actorChargeEvents": {"page": event}},
    }
    assert json.loads(found["APIFY_CHARGED_ACTOR_EVENT_COUNTS"]) == {"page": 3}


@pytest.mark.parametrize(
    ("requested", "names"),
    [
        ({"timeout_secs": 60}, {"ACTOR_TIMEOUT_AT": "2023-11-14T22:14:20.000Z"}),
        ({"max_items": 10}, {"ACTOR_MAX_PAID_DATASET_ITEMS": "10"}),
        ({"max_total_charge_usd": 0.123456789}, {"ACTOR_MAX_TOTAL_CHARGE_USD": "0.123456789"}),
        ({"restart_on_error": True}, {"ACTOR_RESTART_ON_ERROR": "1"}),
    ],
)
def test_a_variable_for_a_limit_exists_only_if_the_run_has_that_limit(
    requested: dict[str, Any], names: dict[str, str]
) -> None:
    assert names.items() <= variables(options=options(**requested)).items()
    assert not names.keys() & variables(options=options(timeout_secs=0)).keys()


def test_without_a_timeout_there_is_no_variable_for_the_deadline() -> None:
    assert not {"ACTOR_TIMEOUT_AT", "APIFY_TIMEOUT_AT"} & variables(options=options(timeout_secs=0)).keys()


def test_the_tags_of_the_build_are_joined_and_those_of_other_builds_are_left_out() -> None:
    tagged = {
        "latest": TaggedBuild(build_id="build1", build_number="0.0.1", finished_at=START),
        "beta": TaggedBuild(build_id="build2", build_number="0.0.2", finished_at=START),
        "stable": TaggedBuild(build_id="build1", build_number="0.0.1", finished_at=START),
    }
    assert variables(actor={"tagged_builds": tagged})["ACTOR_BUILD_TAGS"] == "latest,stable"
    assert "ACTOR_BUILD_TAGS" not in variables()


def test_the_variables_of_the_version_are_included_and_the_platforms_override_them() -> None:
    own = (EnvVar(name="MY_KEY", value="mine", is_secret=True), EnvVar(name="ACTOR_RUN_ID", value="forged"))
    found = variables(build={"env_vars": own})
    assert found["MY_KEY"] == "mine"
    assert found["ACTOR_RUN_ID"] == "run1"


def test_all_names_of_the_web_server_port_have_the_port_of_the_run() -> None:
    found = variables(build={"env_vars": (EnvVar(name="APIFY_CONTAINER_PORT", value="1111"),)}, web_server_port=1111)
    assert {found[name] for name in WEB_SERVER_PORT_NAMES} == {"1111"}


def test_secrets_are_the_non_empty_secret_variables_and_the_runs_token() -> None:
    env_vars = (
        EnvVar(name="A", value="hunter2", is_secret=True),
        EnvVar(name="B", value="", is_secret=True),
        EnvVar(name="C", value="open"),
    )
    assert environment.secrets(a_run(), a_build(env_vars=env_vars)) == ["hunter2", "greenroom_run_run1"]


def test_variables_of_the_run_override_those_of_the_version_but_not_those_of_the_platform() -> None:
    of_version = (EnvVar(name="A", value="version"), EnvVar(name="B", value="version"))
    of_run = (EnvVar(name="A", value="run"), EnvVar(name="C", value="run"), EnvVar(name="APIFY_TOKEN", value="run"))
    found = variables({"env_vars": of_version}, env_vars=of_run, token="own")
    assert (found["A"], found["B"], found["C"], found["APIFY_TOKEN"]) == ("run", "version", "run", "own")


def test_another_actor_after_a_metamorph_does_not_get_variables_of_the_run() -> None:
    changed = Metamorph(
        created_at=START, actor_id="a2", build_id="b2", build_number="0.0.1", input_key="INPUT", web_server_port=4321
    )
    assert "C" not in variables(env_vars=(EnvVar(name="C", value="run"),), metamorphs=(changed,))
