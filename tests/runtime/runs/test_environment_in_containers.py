"""The environment variables of a real container."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from testing.api_client import Json
from testing.live_server import LiveServer
from tests.engine import python_actor

pytestmark = pytest.mark.docker

PRINT_ENVIRONMENT = """
import json, os
from urllib.request import Request, urlopen

store = os.environ["ACTOR_DEFAULT_KEY_VALUE_STORE_ID"]
url = f"{os.environ['APIFY_API_BASE_URL']}/v2/key-value-stores/{store}/records/OUTPUT"
headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}", "Content-Type": "application/json"}
urlopen(Request(url, json.dumps(dict(os.environ)).encode(), headers, method="PUT"))
print("secret:", os.environ["MY_SECRET"], "token:", os.environ["APIFY_TOKEN"])
"""
OWN = {
    "MY_VARIABLE": "with spaces, $HOME and ünicode",
    "MY_SECRET": "s3cr3t-v4lue",
    "ACTOR_RUN_ID": "mine",
    "APIFY_MEMORY_MBYTES": "1",
    "APIFY_IS_AT_HOME": "0",
    "APIFY_CONTAINER_PORT": "8123",
}
IMAGE_OWN = {"PATH", "HOME", "HOSTNAME"}
EMPTY = {"ACTOR_TASK_ID", "APIFY_ACTOR_TASK_ID"}


@pytest.fixture(scope="module")
def actor(server: LiveServer) -> str:
    """An Actor that stores its environment. One of its variables is secret."""
    id = python_actor(server, "environment", PRINT_ENVIRONMENT, **OWN)
    secret = {"envVars": [{"name": k, "value": v, "isSecret": k == "MY_SECRET"} for k, v in OWN.items()]}
    server.data("PUT", f"actors/{id}/versions/0.0", json=secret)
    build = server.data("POST", f"actors/{id}/builds", params={"version": "0.0", "tag": "latest"})
    assert server.wait(f"actor-builds/{build['id']}")["status"] == "SUCCEEDED"
    return id


def test_every_variable_is_set_under_all_its_names(server: LiveServer, actor: str) -> None:
    params = {"memory": 512, "timeout": 300, "maxItems": 25, "maxTotalChargeUsd": 1.5, "restartOnError": True}
    run, found = environment_of(server, actor, **params)
    user, record = server.data("GET", "users/me"), server.data("GET", f"actors/{actor}")
    expected = {
        **names(actor, "ACTOR_ID", "APIFY_ACTOR_ID", "APIFY_ACT_ID"),
        **names(f"{user['username']}/{record['name']}", "ACTOR_FULL_NAME"),
        **names(run["id"], "ACTOR_RUN_ID", "APIFY_ACTOR_RUN_ID", "APIFY_ACT_RUN_ID"),
        **names(run["buildId"], "ACTOR_BUILD_ID", "APIFY_ACTOR_BUILD_ID"),
        **names(run["buildNumber"], "ACTOR_BUILD_NUMBER", "APIFY_ACTOR_BUILD_NUMBER"),
        **names("latest", "ACTOR_BUILD_TAGS"),
        **names("", "ACTOR_TASK_ID", "APIFY_ACTOR_TASK_ID"),
        **names(run["defaultKeyValueStoreId"], "ACTOR_DEFAULT_KEY_VALUE_STORE_ID", "APIFY_DEFAULT_KEY_VALUE_STORE_ID"),
        **names(run["defaultDatasetId"], "ACTOR_DEFAULT_DATASET_ID", "APIFY_DEFAULT_DATASET_ID"),
        **names(run["defaultRequestQueueId"], "ACTOR_DEFAULT_REQUEST_QUEUE_ID", "APIFY_DEFAULT_REQUEST_QUEUE_ID"),
        **names("INPUT", "ACTOR_INPUT_KEY", "APIFY_INPUT_KEY"),
        **names("512", "ACTOR_MEMORY_MBYTES", "APIFY_MEMORY_MBYTES"),
        **names("0.125", "APIFY_DEDICATED_CPUS"),
        **names(run["startedAt"], "ACTOR_STARTED_AT", "APIFY_STARTED_AT"),
        **names("8123", "ACTOR_WEB_SERVER_PORT", "APIFY_CONTAINER_PORT", "ACTOR_STANDBY_PORT"),
        **names(run["containerUrl"], "ACTOR_WEB_SERVER_URL", "APIFY_CONTAINER_URL"),
        **names("25", "ACTOR_MAX_PAID_DATASET_ITEMS"),
        **names("1.5", "ACTOR_MAX_TOTAL_CHARGE_USD"),
        **names("LIMITED_PERMISSIONS", "ACTOR_PERMISSION_LEVEL"),
        **names("1", "ACTOR_RESTART_ON_ERROR", "APIFY_IS_AT_HOME", "APIFY_HEADLESS"),
        **names(f"http://host.greenroom.internal:{server.port}", "APIFY_API_BASE_URL"),
        **names(f"http://localhost:{server.port}", "APIFY_API_PUBLIC_BASE_URL"),
        **names(user["id"], "APIFY_USER_ID"),
        **names(user["plan"]["tier"], "APIFY_USER_PRICING_TIER"),
        **names("API", "APIFY_META_ORIGIN"),
        **names("{}", "APIFY_ACTOR_PRICING_INFO", "APIFY_CHARGED_ACTOR_EVENT_COUNTS"),
    }
    assert {name: found.get(name) for name in expected} == expected
    assert json.loads(found["ACTOR_STORAGES_JSON"]) == run["storageIds"]
    assert found["ACTOR_TIMEOUT_AT"] == found["APIFY_TIMEOUT_AT"]
    # The timeout counts from the start of the container.
    started, ended = seconds(run["startedAt"]), seconds(run["finishedAt"])
    assert started + 300 <= seconds(found["ACTOR_TIMEOUT_AT"]) <= ended + 300
    assert found["ACTOR_EVENTS_WEBSOCKET_URL"] == found["APIFY_ACTOR_EVENTS_WS_URL"]
    assert found["ACTOR_EVENTS_WEBSOCKET_URL"].startswith(f"ws://host.greenroom.internal:{server.port}/greenroom/")
    assert found["APIFY_TOKEN"].startswith("greenroom_run_")
    assert found["APIFY_PROXY_PASSWORD"].startswith("apify_proxy_")
    assert found["APIFY_PROXY_STATUS_URL"] == f"http://host.greenroom.internal:{found['APIFY_PROXY_PORT']}"
    assert {name for name, value in found.items() if not value} == EMPTY


def test_variables_for_options_that_were_not_requested_are_left_out(server: LiveServer, actor: str) -> None:
    _, found = environment_of(server, actor, memory=1024, timeout=0)
    absent = {
        "ACTOR_TIMEOUT_AT",
        "APIFY_TIMEOUT_AT",
        "ACTOR_MAX_PAID_DATASET_ITEMS",
        "ACTOR_MAX_TOTAL_CHARGE_USD",
        "ACTOR_RESTART_ON_ERROR",
        "ACTOR_TEST_PAY_PER_EVENT",
        "APIFY_USER_IS_PAYING",
    }
    assert absent.isdisjoint(found)
    assert {name for name, value in found.items() if not value} == EMPTY


def test_the_variables_of_the_version_are_set_and_do_not_override_the_platforms(server: LiveServer, actor: str) -> None:
    run, found = environment_of(server, actor, memory=1024)
    assert found["MY_VARIABLE"] == OWN["MY_VARIABLE"]
    assert found["MY_SECRET"] == OWN["MY_SECRET"]
    assert (found["ACTOR_RUN_ID"], found["APIFY_MEMORY_MBYTES"]) == (run["id"], "1024")
    assert found.keys() >= IMAGE_OWN


def test_secrets_do_not_appear_in_the_log_or_the_api(server: LiveServer, actor: str) -> None:
    run, found = environment_of(server, actor, memory=1024)
    log = server.text(f"logs/{run['id']}")
    assert "secret: [REDACTED] token: [REDACTED]" in log
    records = server.text(f"actors/{actor}") + server.text(f"actor-builds/{run['buildId']}")
    for secret in OWN["MY_SECRET"], found["APIFY_TOKEN"]:
        assert secret not in log + records + server.log()


def test_the_recorded_history_is_that_of_the_container(server: LiveServer, actor: str) -> None:
    run, found = environment_of(server, actor, memory=512)
    path = f"/greenroom/runs/{run['id']}"
    recorded = server.http.get(f"{path}/environment").raise_for_status().json()
    shown = {each["name"]: each["value"] for each in recorded["variables"]}
    assert found.keys() - shown.keys() <= {"HOSTNAME", "HOME", "LC_CTYPE"}  # the engine and Python set these
    assert {name: found[name] for name, value in shown.items() if value is not None} == {
        name: value for name, value in shown.items() if value is not None
    }
    masked = {name for name, value in shown.items() if value is None}
    assert {"MY_SECRET", "APIFY_TOKEN", "ACTOR_EVENTS_WEBSOCKET_URL"} <= masked and recorded["hasImage"]
    calls = server.http.get(f"{path}/api-calls").raise_for_status().json()
    [call] = calls["items"]
    assert (call["operation"], call["status"]) == ("PUT /v2/key-value-stores/{id}/records/{key:path}", 201)
    entries = server.http.get(f"{path}/timeline").raise_for_status().json()["entries"]
    kinds = [each["kind"] for each in entries]
    assert kinds == ["created", "status", "container-started", "container-ended", "status"]
    assert entries[3]["exitCode"] == 0
    lines = server.http.get(f"/greenroom/logs/{run['id']}/lines").raise_for_status().json()["lines"]
    assert lines[-1]["text"].endswith("secret: [REDACTED] token: [REDACTED]")


def environment_of(server: LiveServer, actor: str, **params: object) -> tuple[Json, dict[str, str]]:
    run = server.finished_run(actor, **params)
    assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
    return run, json.loads(server.text(f"key-value-stores/{run['defaultKeyValueStoreId']}/records/OUTPUT"))


def names(value: str, *each: str) -> dict[str, str]:
    return dict.fromkeys(each, value)


def seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
