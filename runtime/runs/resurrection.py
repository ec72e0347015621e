"""Resurrecting a finished run: same storages, input and log, its own build unless another one is requested.

Source: "Resurrection of finished run" of "Running an Actor" in the platform's documentation.
"""

from __future__ import annotations

from dataclasses import replace

from runtime.access.users import new_proxy_password
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock, Millis
from runtime.base.records import (
    Aborter,
    Build,
    DebuggerHold,
    Definition,
    OrderKind,
    Run,
    RunOptions,
    WebhookEvent,
    new_event,
)
from runtime.billing.billing import Billing
from runtime.builds.web_server_port import web_server_port
from runtime.jobs.job_quota import JobQuota
from runtime.jobs.stats import in_new_container, run_compute_units
from runtime.runs.live_runs import LiveRuns
from runtime.runs.options import StartOptions
from runtime.runs.orders import order_of
from runtime.runs.output_schema import output
from runtime.runs.start_plan import StartPlanner
from runtime.runs.status import RunStatuses
from runtime.webhooks.dispatches import Dispatches


class Resurrection:
    """Resurrects finished runs."""

    def __init__(
        self,
        *,
        planner: StartPlanner,
        job_quota: JobQuota,
        statuses: RunStatuses,
        billing: Billing,
        live_runs: LiveRuns,
        dispatches: Dispatches,
        addresses: Addresses,
        clock: Clock,
    ) -> None:
        self._planner = planner
        self._job_quota = job_quota
        self._statuses = statuses
        self._billing = billing
        self._live_runs = live_runs
        self._dispatches = dispatches
        self._addresses = addresses
        self._clock = clock

    async def resurrect(self, run: Run, sent: StartOptions, *, by: Aborter | Run = Aborter.USER) -> Run:
        """Move a finished run back to RUNNING and give it a supervisor. `by` is a run if its token sent the order.

        Raises Invalid if it has not finished, and LimitReached.
        """
        options = self._planner.resurrection_options(run, sent)
        async with self._job_quota.reserve(run.user_id, options.memory_mbytes):
            build = self._planner.resurrection_build(run, sent)
            resurrected = await self._reopen(run, options, build, by)
        # The previous supervisor may still be removing its container. Two would share the log and the container's name.
        await self._live_runs.wait_until_cleared(run.id)
        await self._live_runs.begin(resurrected)
        await self._dispatches.dispatch_pending(resurrected)
        return resurrected

    async def _reopen(self, run: Run, options: RunOptions, build: Build, by: Aborter | Run) -> Run:
        continue_usage, now = self._billing.reopen(run), self._clock.now()

        def reopened(ended: Run) -> Run:
            fresh = _with_build(replace(_without_end(ended, now), options=options), build)
            return replace(
                continue_usage(fresh),
                last_order=order_of(OrderKind.RESURRECTION, run, by, now),
                output=output(fresh, Definition.of(build), self._addresses),
                web_server_port=web_server_port((*build.env_vars, *ended.env_vars), build.image_environment),
                api_port=self._addresses.port,
                proxy_password=ended.proxy_password or new_proxy_password(),
                pending_events={**ended.pending_events, **new_event(WebhookEvent.RUN_RESURRECTED)},
            )

        return await self._statuses.reopen(run.id, reopened)


def _with_build(run: Run, build: Build) -> Run:
    """The run with another build of the Actor that it runs: its own, or the target of its last metamorph."""
    if not run.metamorphs:
        return replace(run, build_id=build.id, build_number=build.number)
    last = replace(run.metamorphs[-1], build_id=build.id, build_number=build.number)
    return replace(run, metamorphs=(*run.metamorphs[:-1], last))


def _without_end(run: Run, now: Millis) -> Run:
    """The run without the fields of its end, and without the orders, the container and the debugger from before it.

    It serves no more Standby requests: other runs have taken its place.
    """
    return replace(
        run,
        resumed_at=now,
        earlier_compute_units=run_compute_units(run, now),
        stats=replace(in_new_container(run.stats), resurrect_count=run.stats.resurrect_count + 1),
        finished_at=None,
        exit_code=None,
        status_message=None,
        is_status_message_terminal=None,
        is_end_explained=False,
        stopped_because=None,
        ending=None,
        container_end=None,
        abort=None,
        listening=(),
        rejections=(),
        stop_at=None,
        restart=None,
        next_metamorph=None,
        restarts_on_error=(),
        container_id=None,
        container_started_at=None,
        first_container_at=None,
        debug_port=None,
        debugger_hold=DebuggerHold(),
        standby_label=None,
    )
