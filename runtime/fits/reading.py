"""Reads what a finished run has used, as a measurement."""

from __future__ import annotations

from runtime.base.clock import Millis
from runtime.base.records import LiveTrial, Measurement, Run
from runtime.billing.billing import Billing
from runtime.billing.usage import in_usd
from runtime.fits.capacity import Host
from runtime.jobs import resource_limits, stats
from runtime.metrics.peaks import peak_of
from runtime.metrics.totals import Totals


def measurement_of(live: LiveTrial, run: Run, totals: Totals, billing: Billing, host: Host, now: Millis) -> Measurement:
    """Return the measurement of a finished run. No other function reads these numbers."""
    peak, used = peak_of(run, totals), billing.usage(run)
    return Measurement(
        run_id=run.id,
        input=live.trial.input,
        memory_mbytes=live.trial.memory_mbytes,
        is_proof=live.trial.is_proof,
        status=run.status,
        exit_code=run.exit_code,
        message=run.status_message,
        secs=stats.duration_millis(run, now) / 1000,
        peak_bytes=peak.size,
        unreclaimable_bytes=None if totals.highest is None else totals.highest.total,
        is_peak_cut=peak.is_cut,
        is_peak_estimated=peak.size is not None and not peak.is_exact,
        oom_kills=totals.oom_kills,
        disk_peak_bytes=run.stats.disk_max_bytes,
        throttled_share=totals.throttled_share,
        compute_units=used["ACTOR_COMPUTE_UNITS"],
        cost_usd=sum(in_usd(used, billing.plan.usd_per_unit).values()),
        is_disturbed=_is_disturbed(live, run, totals, host, now),
    )


def _is_disturbed(live: LiveTrial, run: Run, totals: Totals, host: Host, now: Millis) -> bool:
    """Return whether the run's time is too long: others used its CPU share, or it got another container."""
    if run.stats.migration_count:
        return True
    if totals.cpu_millis is None:  # nobody knows what the others used
        return False
    others_secs = host.busy_secs() - live.busy_secs - totals.cpu_millis / 1000
    granted = resource_limits.cpus(run.options.memory_mbytes)
    return host.disturbs(stats.duration_millis(run, now) / 1000, granted, others_secs)
