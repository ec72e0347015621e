"""The checks of a server, made in the background."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.doctor import Area, Check, Verdict, ok
from runtime.doctor.examination import Examination, ExaminationState, examine_server
from tests.fakes.clock import VirtualClock


async def test_a_server_checks_the_engine_and_its_host_but_not_the_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def examine(instance_id: str) -> AsyncIterator[Check]:
        yield ok("engine", instance_id)

    monkeypatch.setattr("runtime.doctor.examination.examine_engine", examine)
    checks = [check async for check in examine_server(tmp_path, "own")]
    areas = {check.area: [each.name for each in checks if each.area is check.area] for check in checks}
    assert list(areas) == [Area.ENGINE, Area.HOST, Area.CLIENTS]
    assert areas[Area.HOST] == ["data directory", "free disk", "free memory", "names"]
    assert {check.verdict for check in checks if check.area is Area.CLIENTS} == {Verdict.SKIP}


async def test_checks_that_cannot_be_completed_leave_those_before() -> None:
    async def examine() -> AsyncIterator[Check]:
        yield ok("engine", "Docker 28")
        raise RuntimeError("the engine has gone")

    clock = VirtualClock()
    examination = Examination(examine, clock)
    examination.start()
    await clock.settle()
    assert (examination.state, [check.name for check in examination.checks]) == (ExaminationState.FAILED, ["engine"])
    assert examination.finished_at == clock.now()
    await examination.close()
