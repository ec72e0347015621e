"""The wall clock is set forward or back while runs, requests and waits are in progress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.base.clock import MAX_SLEEP_SECS
from runtime.base.lifecycle import JobStatus
from tests.fakes.api import Api
from tests.fakes.stage import Stage

HOUR = 3600.0
S = JobStatus


@pytest.fixture
async def stage(stage: Stage) -> Stage:
    """A stage whose clock splits sleeps, as the clock of a host does."""
    stage.clock.max_sleep_secs = MAX_SLEEP_SECS
    return stage


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    api = Api(tmp_path)
    await api.open()
    yield api
    await api.close()


async def test_a_run_gets_its_whole_timeout_and_no_more_if_the_clock_is_set_back(stage: Stage) -> None:
    run = await stage.start(timeout_secs=600)
    stage.clock.jump(-HOUR)
    await stage.clock.advance(599)
    assert stage.container_of(run).is_running
    await stage.clock.advance(10)
    assert stage.current(run).status is S.TIMED_OUT


async def test_a_run_ends_soon_after_a_clock_that_is_set_forward_beyond_its_deadline(stage: Stage) -> None:
    run = await stage.start(timeout_secs=600)
    stage.clock.jump(HOUR)
    await stage.clock.advance(MAX_SLEEP_SECS + 10)
    assert stage.current(run).status is S.TIMED_OUT


@pytest.mark.parametrize("secs", [-HOUR, HOUR])
async def test_a_graceful_abort_ends_after_its_grace_period(stage: Stage, secs: float) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.abort(run, gracefully=True)
    await stage.clock.settle()
    stage.clock.jump(secs)
    await stage.clock.advance(MAX_SLEEP_SECS + 10)
    assert stage.current(run).status is S.ABORTED


@pytest.mark.parametrize("secs", [-HOUR, HOUR])
async def test_a_run_over_its_disk_limit_is_still_stopped(stage: Stage, secs: float) -> None:
    run = await stage.start(memory_mbytes=128)
    await stage.clock.advance(2)
    stage.clock.jump(secs)
    stage.container_of(run).disk = 300 * 1024 * 1024
    await stage.clock.advance(10)
    assert not stage.container_of(run).is_running


@pytest.mark.parametrize("secs", [-HOUR, HOUR])
async def test_a_response_never_shows_a_negative_duration(api: Api, secs: float) -> None:
    run = await api.start()
    await api.clock.advance(5)
    api.clock.jump(secs)
    await api.finish(run, 0)
    shown = await api.data("GET", f"/v2/actor-runs/{run.id}")
    assert shown["stats"]["runTimeSecs"] >= 0 and shown["stats"]["durationMillis"] >= 0


async def test_a_request_that_waits_for_a_run_ends_after_its_own_time(api: Api) -> None:
    run = await api.start()
    call = await api.start_call("GET", f"/v2/actor-runs/{run.id}?waitForFinish=30")
    api.clock.jump(-HOUR)
    await api.clock.advance(30)
    assert (await call).json()["data"]["status"] == "RUNNING"


async def test_the_rate_limit_does_not_lock_a_user_out(tmp_path: Path) -> None:
    api = Api(tmp_path, rate_limit=2.0)
    await api.open()
    for _ in range(2):
        assert (await api.call("GET", "/v2/users/me")).status_code == 200
    api.clock.jump(-HOUR)
    assert (await api.call("GET", "/v2/users/me")).status_code == 429
    await api.clock.advance(1)
    assert (await api.call("GET", "/v2/users/me")).status_code == 200
    await api.close()
