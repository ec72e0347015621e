"""The metrics and the report of a run, from its samples, its record and its costs."""

from __future__ import annotations

from api.response.metrics_models import (
    CostReport,
    CpuReport,
    Curve,
    DiskReport,
    EventReport,
    Figure,
    MemoryAtPeak,
    MemoryReport,
    NetworkReport,
    ProcessCurves,
    ProcessReport,
    RunCurves,
    RunEvent,
    RunMetrics,
    RunReport,
    UsageReport,
)
from api.response.serializers.jobs import iso_or_none
from runtime.base.clock import iso
from runtime.base.errors import NotFound
from runtime.base.records import PricingModel, Run
from runtime.billing import prices
from runtime.jobs import resource_limits, stats
from runtime.metrics.curves import Curve as CurveRecord
from runtime.metrics.curves import Curves
from runtime.metrics.peaks import peak_of
from runtime.metrics.totals import Totals
from runtime.orchestrator import Orchestrator

ITEM_NAME = "dataset-item"
"""Stands for the items of an Actor that charges for its results."""


def present_metrics(run: Run, curves: Curves, samples: int) -> RunMetrics:
    """The curves of a run. It takes some milliseconds for a long one."""
    return RunMetrics(
        run_id=run.id,
        is_live=not run.status.is_terminal,
        started_at=run.started_at,
        finished_at=run.finished_at,
        samples=samples,
        samples_per_point=curves.samples_per_point,
        sources=sorted(curves.sources),
        at=curves.at,
        curves=RunCurves(**{name: _curve(each) for name, each in curves.curves.items()}) if curves.at else None,
        processes=[
            ProcessCurves(
                name=name, memory_bytes=_curve(memory), cpu_cores=_curve(curves.cpu_by_name.get(name, CurveRecord()))
            )
            for name, memory in curves.memory_by_name.items()
        ],
        events=[RunEvent.model_validate(event) for event in curves.events],
        gaps=curves.gaps,
    )


def present_report(orchestrator: Orchestrator, run: Run, totals: Totals) -> RunReport:
    """What the run used until now, or until its end."""
    now = orchestrator.clock.now()
    measured = run.stats
    return RunReport(
        run_id=run.id,
        actor_name=_actor_name(orchestrator, run),
        build_number=run.build_number,
        status=run.status,
        status_message=run.status_message,
        exit_code=run.exit_code,
        started_at=iso(run.started_at),
        finished_at=iso_or_none(run.finished_at),
        duration_secs=stats.duration_millis(run, now) / 1000,
        samples=totals.samples,
        sources=sorted(totals.sources),
        memory=_memory(run, totals),
        cpu=_cpu(run, totals),
        processes=_processes(totals),
        process_peak=_measured(totals.processes_peak),
        thread_peak=_measured(totals.threads_peak),
        disk=DiskReport(
            limit_bytes=run.options.disk_mbytes * resource_limits.MBYTE,
            enforcement=run.disk_enforcement,
            peak_bytes=_measured(measured.disk_max_bytes),
        ),
        network=NetworkReport(
            received_bytes=_measured(measured.net_rx_bytes),
            sent_bytes=_measured(measured.net_tx_bytes),
            api_bytes=_measured(measured.api_bytes),
        ),
        items=_measured(orchestrator.billing.items(run)),
        restarts={
            "migrations": measured.migration_count,
            "reboots": measured.reboot_count,
            "metamorphs": len(run.metamorphs),
            "restartsOnError": measured.restart_count,
            "resurrections": measured.resurrect_count,
        },
        usage=_usage(orchestrator, run),
        events=_events(orchestrator, run),
        cost=_cost(orchestrator, run),
    )


def _actor_name(orchestrator: Orchestrator, run: Run) -> str | None:
    """The name of the run's Actor, or None if the Actor was deleted."""
    try:
        return orchestrator.actors.get(run.actor_id).name
    except NotFound:
        return None


def _memory(run: Run, totals: Totals) -> MemoryReport:
    peak, highest = peak_of(run, totals), totals.highest
    return MemoryReport(
        limit_bytes=run.options.memory_mbytes * resource_limits.MBYTE,
        peak_bytes=_figure(peak.size, is_measured=peak.is_exact, is_lower_bound=peak.is_cut),
        p95_bytes=_measured(totals.p95),
        average_bytes=_measured(run.stats.mem_avg_bytes),
        at_peak=None
        if highest is None
        else MemoryAtPeak(
            at=highest.at,
            anonymous_bytes=_measured(highest.anonymous),
            kernel_bytes=_figure(highest.kernel, is_measured=not totals.is_kernel_estimated),
            shared_bytes=_measured(highest.shared),
            cache_bytes=_measured(highest.cache),
        ),
        cache_peak_bytes=_measured(totals.cache_peak),
        oom_kills=_measured(totals.oom_kills),
    )


def _cpu(run: Run, totals: Totals) -> CpuReport:
    peak = run.stats.cpu_max_usage
    return CpuReport(
        granted_cores=resource_limits.cpus(run.options.memory_mbytes),
        used_secs=_measured(_secs(totals.cpu_millis)),
        share_of_grant=_measured(totals.cpu_share),
        peak_cores=_measured(None if peak is None else peak / 100),
        throttled_secs=_measured(_secs(totals.throttled_millis)),
        throttled_share=_measured(totals.throttled_share),
    )


def _processes(totals: Totals) -> list[ProcessReport]:
    """The programs of the run, the one with the most memory first."""
    by_memory = sorted(totals.by_name.items(), key=lambda item: -(item[1].memory_peak or 0))
    return [
        ProcessReport(
            name=name,
            memory_peak_bytes=_estimated(use.memory_peak),
            cpu_secs=_estimated(use.cpu_millis / 1000),
        )
        for name, use in by_memory
    ]


def _usage(orchestrator: Orchestrator, run: Run) -> list[UsageReport]:
    unit_prices = orchestrator.billing.plan.usd_per_unit
    return [
        UsageReport(
            unit=unit,
            quantity=_measured(quantity),
            usd_per_unit=unit_prices[unit],
            usd=_estimated(quantity * unit_prices[unit]),
        )
        for unit, quantity in orchestrator.billing.usage(run).items()
    ]


def _events(orchestrator: Orchestrator, run: Run) -> list[EventReport]:
    """What the run charged. An Actor that charges for its results has one kind of event: an item."""
    pricing = run.pricing
    if pricing is None:
        return []
    if pricing.model is PricingModel.PRICE_PER_DATASET_ITEM:
        billed = prices.billed_items(run, orchestrator.billing.items(run))
        return [_event(ITEM_NAME, billed, pricing.item_price_usd)]
    counts = orchestrator.billing.event_counts(run)
    return [_event(name, count, pricing.event_prices_usd.get(name, 0)) for name, count in counts.items()]


def _event(name: str, count: int, price_usd: float) -> EventReport:
    return EventReport(
        name=name,
        count=_measured(count),
        price_usd=price_usd,
        usd=_estimated(float(prices.exact(price_usd) * count)),
    )


def _cost(orchestrator: Orchestrator, run: Run) -> CostReport:
    billing = orchestrator.billing
    charge = prices.charge_usd(run, billing.items(run))
    return CostReport(
        compute_units=_measured(billing.usage(run)["ACTOR_COMPUTE_UNITS"]),
        usage_usd=_estimated(sum(each.usd.value or 0 for each in _usage(orchestrator, run))),
        events_usd=_estimated(None if charge is None else float(charge)),
        total_usd=_estimated(billing.total_usd(run)),
        usage_payer="user" if prices.is_usage_for_user(run) else "developer",
    )


def _curve(record: CurveRecord) -> Curve:
    return Curve(values=record.values, low=record.low, high=record.high)


def _secs(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000


def _measured(value: float | None) -> Figure:
    return _figure(value, is_measured=True)


def _estimated(value: float | None) -> Figure:
    return _figure(value, is_measured=False)


def _figure(value: float | None, *, is_measured: bool, is_lower_bound: bool = False) -> Figure:
    if value is None:
        return Figure(value=None, basis=None)
    return Figure(value=value, basis="measured" if is_measured else "estimated", is_lower_bound=is_lower_bound)
