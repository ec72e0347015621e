"""Runs while the engine is unavailable for a few seconds."""

from __future__ import annotations

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.containers import EngineUnavailable
from tests.fakes.containers import FakeContainer
from tests.fakes.engine_faults import FAILURES, make_unavailable
from tests.fakes.stage import Stage

S = JobStatus


@pytest.mark.parametrize("method", ["set_cpus", "disk_bytes", "address_of", "stop"])
async def test_an_engine_that_is_unavailable_for_a_while_does_not_affect_a_run(stage: Stage, method: str) -> None:
    run = await stage.start(timeout_secs=30, memory_mbytes=1024)
    failures = make_unavailable(stage.container_of(run), method)
    await stage.clock.advance(29)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(20)
    assert (stage.current(run).status, len(failures)) == (S.TIMED_OUT, FAILURES)
    assert stage.engine.containers == []


async def test_an_abort_is_carried_out_when_the_engine_is_available_again(stage: Stage) -> None:
    run = await stage.start()
    make_unavailable(stage.container_of(run), "kill")
    assert (await stage.abort(run)).status is S.ABORTING
    await stage.clock.advance(5)
    assert stage.current(run).status is S.ABORTED


async def test_a_container_counts_as_started_if_the_engine_started_it_and_then_became_unavailable(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_create(container: FakeContainer) -> None:
        start = container.start

        async def start_without_response() -> None:
            await start()
            raise EngineUnavailable("restarting")

        monkeypatch.setattr(container, "start", start_without_response)

    stage.engine.on_create = on_create
    assert (await stage.start()).status is S.RUNNING
