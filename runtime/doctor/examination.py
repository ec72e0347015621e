"""Makes the checks for the server's API: in the background, because probes in containers take seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from pathlib import Path

from runtime.base.clock import Clock, Millis
from runtime.doctor import Area, Check, in_area, skip
from runtime.doctor.engine import examine_engine
from runtime.doctor.host import examine_host

log = logging.getLogger("greenroom.doctor")

ONLY_IN_A_TERMINAL = "only a terminal has the variables of clients. Run `greenroom doctor` there"


class ExaminationState(StrEnum):
    NONE = "NONE"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"


class Examination:
    """The last examination of this server. `examine` yields the result of each check.

    `report_progress` is called when the examination begins, after each check, and at the end.
    """

    def __init__(self, examine: Callable[[], AsyncIterator[Check]], clock: Clock) -> None:
        self._examine = examine
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.report_progress: Callable[[], None] = lambda: None
        self.state = ExaminationState.NONE
        self.checks: list[Check] = []
        self.started_at: Millis | None = None
        self.finished_at: Millis | None = None

    def start(self) -> None:
        """Begin the checks, unless they are being made already."""
        if self.state is ExaminationState.RUNNING:
            return
        self.state = ExaminationState.RUNNING
        self.checks, self.started_at, self.finished_at = [], self._clock.now(), None
        self._task = asyncio.create_task(self._run(), name="doctor")
        self.report_progress()

    async def close(self) -> None:
        """End the checks, and remove their containers."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async for check in self._examine():
                self.checks.append(check)
                self.report_progress()
            self.state = ExaminationState.FINISHED
        except Exception:
            log.exception("The checks of the doctor could not be completed")
            self.state = ExaminationState.FAILED
        finally:
            self.finished_at = self._clock.now()
            self.report_progress()


async def examine_server(data_dir: Path, instance_id: str) -> AsyncIterator[Check]:
    """Yield the results of all checks that a server can make."""
    async for check in examine_engine(instance_id):
        yield check
    for check in in_area(Area.HOST, await asyncio.to_thread(lambda: list(examine_host(data_dir)))):
        yield check
    for check in in_area(Area.CLIENTS, [skip(name, ONLY_IN_A_TERMINAL) for name in ("apify command", "variables")]):
        yield check
