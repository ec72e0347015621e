"""The runs of pools: starting them, waiting until they are ready, and ending them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runtime.base.clock import Clock
from runtime.base.errors import NotFound, Unavailable
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Meta, Origin, Run
from runtime.runs.options import StartOptions
from runtime.runs.orders import Orders
from runtime.runs.readiness import with_ready_server
from runtime.runs.restarts import is_winding_down
from runtime.runs.runs import Runs
from runtime.runs.start_plan import StandbyStart, StartRequest
from runtime.runs.starting import Starting
from runtime.standby.targets import StandbyTarget

FIRST_PAUSE_SECS = 0.02
PAUSE_FACTOR = 1.3
LAST_PAUSE_SECS = 0.5
"""Between two probes of a run for which requests wait. It grows with the time that the Actor takes to start."""


class StandbyRuns:
    """Runs that serve Standby requests. `probe` is whether the web server of a run, given by its id, answers."""

    def __init__(
        self,
        *,
        starting: Starting,
        runs: Runs,
        orders: Orders,
        probe: Callable[[str], Awaitable[bool]],
        clock: Clock,
    ) -> None:
        self._starting = starting
        self._runs = runs
        self._orders = orders
        self._probe = probe
        self._clock = clock

    async def start(self, target: StandbyTarget, run_id: str) -> Run:
        """Start a run with this id for a target. Raises as `Starting.start`."""
        settings = target.settings
        return await self._starting.start(
            StartRequest(
                user=target.user,
                actor=target.actor,
                task=target.task,
                input=None,
                options=StartOptions(build=settings.build, memory_mbytes=settings.memory_mbytes, timeout_secs=0),
                meta=Meta(origin=Origin.STANDBY),
                run_id=run_id,
                standby=StandbyStart(label=target.label, passes_input=settings.passes_input),
            )
        )

    def find(self, run_id: str) -> Run | None:
        """A live run; None if it has ended, was deleted, or was resurrected, which makes it an ordinary run."""
        try:
            run = self._runs.get(run_id)
        except NotFound:
            return None
        return None if run.status.is_terminal or run.standby_label is None else run

    def unfinished(self) -> list[Run]:
        """The Standby runs that the last server left."""
        return [run for run in self._runs.unfinished() if run.standby_label is not None]

    async def wait_until_ready(self, run_id: str) -> None:
        """Return when the web server of a run answers. Raises Unavailable if the run ends before."""
        pause = FIRST_PAUSE_SECS
        while True:
            run = self.find(run_id)
            if run is None or not can_serve(run):
                raise self._finished(run_id)
            if await self._probe(run_id):
                if not run.is_container_server_ready:
                    await self._runs.change(run_id, with_ready_server)
                return
            await self._clock.sleep(pause)
            pause = min(pause * PAUSE_FACTOR, LAST_PAUSE_SECS)

    async def wind_down(self, run_id: str, reason: str) -> None:
        """Let a run end gracefully. It succeeds, whatever its exit code is."""
        run = self.find(run_id)
        if run is not None:
            await self._orders.wind_down(run, reason)

    def _finished(self, run_id: str) -> Unavailable:
        """The error for requests that wait for a run that has ended."""
        try:
            run = self._runs.get(run_id)
        except NotFound:
            return Unavailable("standby-run-finished", f"The Actor run {run_id} was deleted before it was ready.")
        reason = run.status_message or run.stopped_because
        how = f"{run.status}: {reason}" if reason else run.status
        return Unavailable(
            "standby-run-finished",
            f"The Actor run {run_id} ended before its web server was ready ({how}). See its log.",
        )


def can_serve(run: Run) -> bool:
    """Whether a run may get requests: it is live, and does not end."""
    return run.status in (JobStatus.READY, JobStatus.RUNNING) and not is_winding_down(run)
