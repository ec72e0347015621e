"""Fields that clients require, and values that are never returned."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import msgspec
import pytest

from api.response import serializers
from runtime.account_limits import LimitsInForce
from runtime.base.lifecycle import JobStatus
from runtime.base.plans import LOCAL
from runtime.base.records import EnvVar, RunStats, SourceFile, TaggedBuild
from runtime.billing import usage
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_run, a_user, a_version, an_actor, options

USED = usage.of_run(a_run(), usage.of_storages([], None, None), START)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def timestamps(value: object) -> list[object]:
    """The value of every key that ends in `At`."""
    if isinstance(value, dict):
        own = [each for key, each in value.items() if key.endswith("At")]
        return own + [found for each in value.values() for found in timestamps(each)]
    if isinstance(value, list):
        return [found for each in value for found in timestamps(each)]
    return []


UNMEASURED = {
    *("memAvgBytes", "memMaxBytes", "memCurrentBytes", "cpuAvgUsage", "cpuMaxUsage", "cpuCurrentUsage"),
    *("netRxBytes", "netTxBytes", "diskMaxBytes"),
}
PRICES = LOCAL.usd_per_unit
LIMITS = LimitsInForce(
    max_monthly_usage_usd=5,
    max_memory_mbytes=8192,
    max_actors=500,
    max_tasks=5000,
    max_schedules=100,
    max_jobs=25,
    data_retention_days=7,
)
RECORDS = {
    "run": {
        **serializers.run(a_run(finished_at=START), 1, {}, START),
        **serializers.run_usage(a_run(), USED, PRICES, 0.5),
    },
    "live run": serializers.run(a_run(status=JobStatus.READY), 1, {}, START),
    "run in list": serializers.run_in_list(a_run(), 1, 0.5, START),
    "build": serializers.build(a_build(finished_at=START), PRICES, START),
    "build in list": serializers.build_in_list(a_build(), PRICES, START),
    "actor": serializers.actor(
        an_actor(
            last_run_started_at=START,
            tagged_builds={"latest": TaggedBuild(build_id="b", build_number="0.0.1", finished_at=START)},
        ),
        a_user(),
        [a_version()],
        START,
        None,
    ),
    "actor in list": serializers.actor_in_list(an_actor(), a_user(), START),
    "user": serializers.private_user(a_user(), LOCAL, LIMITS),
}


@pytest.mark.parametrize("name", RECORDS)
def test_every_timestamp_has_the_platforms_format_or_is_null(name: str) -> None:
    record = json.loads(msgspec.json.encode(RECORDS[name]))
    found = timestamps(record)
    assert found
    assert all(each is None or (isinstance(each, str) and TIMESTAMP.fullmatch(each)) for each in found)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (
            "live run",
            "id actId userId startedAt status meta stats options buildId buildNumber defaultKeyValueStoreId "
            "defaultDatasetId defaultRequestQueueId generalAccess containerUrl",
        ),
        ("run", "usage usageUsd usageTotalUsd exitCode finishedAt statusMessage isStatusMessageTerminal"),
        ("run in list", "id actId userId startedAt finishedAt status meta buildId buildNumber usageTotalUsd"),
        ("build", "id actId userId startedAt status meta buildNumber stats options usageTotalUsd"),
        ("build in list", "id actId startedAt finishedAt status meta usageTotalUsd buildNumber"),
        (
            "actor",
            "id userId name username isPublic createdAt modifiedAt stats versions defaultRunOptions taggedBuilds",
        ),
        ("actor in list", "id name username createdAt modifiedAt"),
        ("user", "id username proxy plan email profile isPaying createdAt"),
    ],
)
def test_fields_that_clients_require(name: str, fields: str) -> None:
    assert set(fields.split()) <= RECORDS[name].keys()


@pytest.mark.parametrize("status", [JobStatus.READY, JobStatus.RUNNING, JobStatus.ABORTED])
def test_the_stats_of_a_run_that_never_had_a_container_are_numbers(status: JobStatus) -> None:
    stats = serializers.run(a_run(status=status), 1, {}, START)["stats"]
    assert all(isinstance(value, int | float) for value in stats.values())
    assert len(stats) == 18


def test_what_was_not_measured_of_a_container_is_null() -> None:
    for status in (JobStatus.RUNNING, JobStatus.FAILED):
        stats = serializers.run(a_run(status=status, first_container_at=START), 1, {}, START)["stats"]
        assert {name for name, value in stats.items() if value is None} == UNMEASURED


def test_integers_stay_integers() -> None:
    run = a_run(options=options(requested_mbytes=300.5, memory_mbytes=512), stats=RunStats(mem_avg_bytes=1.5))
    shown = serializers.run(run, 1, {}, START)
    for group, fields in (
        ("options", ("timeoutSecs", "memoryMbytes", "diskMbytes")),
        ("stats", ("memMaxBytes", "memCurrentBytes", "netRxBytes", "netTxBytes", "durationMillis", "inputBodyLen")),
    ):
        assert all(type(shown[group][field]) is int for field in fields)


def test_the_duration_grows_until_the_end_in_all_three_units() -> None:
    live = serializers.run(a_run(), 1, {}, START + 90_000)["stats"]
    ended = serializers.run(a_run(finished_at=START + 3_600_000), 1, {}, START + 9_999_999)["stats"]
    assert (live["durationMillis"], live["runTimeSecs"]) == (90_000, 90)
    assert (ended["durationMillis"], ended["runTimeSecs"], ended["computeUnits"]) == (3_600_000, 3600, 1)


def test_usage_is_returned_in_units_and_in_dollars() -> None:
    shown = serializers.run_usage(a_run(), {**USED, "ACTOR_COMPUTE_UNITS": 1, "DATASET_WRITES": 2000}, PRICES, 0.21)
    assert (shown["usage"]["DATASET_WRITES"], shown["usageUsd"]["DATASET_WRITES"]) == (2000, pytest.approx(0.01))
    assert shown["usageUsd"]["ACTOR_COMPUTE_UNITS"] == pytest.approx(0.2)
    assert (shown["usageTotalUsd"], shown["platformUsageBillingModel"]) == (0.21, "USER")


def test_secrets_are_never_returned() -> None:
    version = a_version(env_vars=(EnvVar(name="A", value="hunter2", is_secret=True), EnvVar(name="B", value="open")))
    shown = serializers.version(version)
    assert shown["envVars"] == [{"name": "A", "isSecret": True}, {"name": "B", "value": "open"}]
    run = a_run()
    text = json.dumps(serializers.run(run, 1, {}, START))
    assert run.token not in text and run.events_key not in text
    build = replace(a_build(), env_vars=version.env_vars)
    assert "hunter2" not in json.dumps(serializers.build(build, PRICES, START))


def test_source_files_are_returned_as_they_were_sent() -> None:
    files = (
        SourceFile(name="a", content="x"),
        SourceFile(name="b", format="BASE64", content="AP8="),
        SourceFile(name="c", folder=True),
    )
    assert serializers.version(a_version(source_files=files))["sourceFiles"] == [
        {"name": "a", "format": "TEXT", "content": "x"},
        {"name": "b", "format": "BASE64", "content": "AP8="},
        {"name": "c", "folder": True},
    ]


def test_an_actors_own_fields_take_precedence_over_extra_ones() -> None:
    shown = serializers.actor(an_actor(extra={"seoTitle": "SEO", "id": "forged"}), a_user(), [], START, None)
    assert (shown["seoTitle"], shown["id"]) == ("SEO", "actor1")
