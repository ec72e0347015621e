"""Composes what the supervisors of all runs share."""

from __future__ import annotations

from runtime.base.clock import Clock
from runtime.billing.billing import Billing
from runtime.builds import Builds
from runtime.containers import Containers, Engine
from runtime.metrics.recorder import Metrics
from runtime.proxy import Proxy
from runtime.runs.debugger_watch import DebuggerWatch
from runtime.runs.limit_watchers import Watchers
from runtime.runs.measurements import Measurements
from runtime.runs.run_containers import RunContainers
from runtime.runs.run_inputs import RunInputs
from runtime.runs.runs import Runs
from runtime.runs.status import RunStatuses
from runtime.runs.supervisor import SupervisorContext
from runtime.runs.system_events import SystemEvents
from runtime.storages.request_queues import RequestQueues


def supervisor_context(
    *,
    run_containers: RunContainers,
    containers: Containers,
    engine: Engine,
    runs: Runs,
    statuses: RunStatuses,
    run_inputs: RunInputs,
    builds: Builds,
    request_queues: RequestQueues,
    billing: Billing,
    system_events: SystemEvents,
    proxy: Proxy,
    metrics: Metrics,
    clock: Clock,
    burst_secs: float,
) -> SupervisorContext:
    """Return the context with its watchers and measurements."""
    measurements = Measurements(
        runs=runs, billing=billing, system_events=system_events, proxy=proxy, metrics=metrics, cpu_burst_secs=burst_secs
    )
    watchers = Watchers(
        runs=runs,
        statuses=statuses,
        billing=billing,
        system_events=system_events,
        engine=engine,
        clock=clock,
        cpu_burst_secs=burst_secs,
        measurements=measurements,
    )
    return SupervisorContext(
        run_containers=run_containers,
        watchers=watchers,
        debugger=DebuggerWatch(containers, runs, clock),
        measurements=measurements,
        runs=runs,
        statuses=statuses,
        run_inputs=run_inputs,
        builds=builds,
        request_queues=request_queues,
        clock=clock,
    )
