"""Reads what a run has used from its report."""

from __future__ import annotations

from cli.fit.measurements import Measurement
from cli.fit.search import Trial
from runtime.base.json_text import JsonDict


def measurement_of(trial: Trial, report: JsonDict, *, is_disturbed: bool) -> Measurement:
    """Return the measurement in the report of a finished run. No other function reads these numbers."""
    memory, cpu, cost = report["memory"], report["cpu"], report["cost"]
    return Measurement(
        run_id=report["runId"],
        input=trial.input,
        memory_mbytes=trial.memory_mbytes,
        is_proof=trial.is_proof,
        status=report["status"],
        exit_code=report["exitCode"],
        message=report["statusMessage"],
        secs=report["durationSecs"],
        peak_bytes=memory["peakBytes"]["value"],
        unreclaimable_bytes=_unreclaimable_bytes(memory["atPeak"]),
        is_peak_cut=memory["peakBytes"]["isLowerBound"],
        is_peak_estimated=memory["peakBytes"]["basis"] == "estimated",
        oom_kills=memory["oomKills"]["value"],
        disk_peak_bytes=report["disk"]["peakBytes"]["value"],
        throttled_share=cpu["throttledShare"]["value"],
        compute_units=cost["computeUnits"]["value"],
        cost_usd=cost["usageUsd"]["value"],
        is_disturbed=is_disturbed,
    )


def _unreclaimable_bytes(parts: JsonDict | None) -> float | None:
    """Return the memory in the highest sample that is not page cache, or None if a part is not known."""
    if parts is None:
        return None
    values = [parts[name]["value"] for name in ("anonymousBytes", "kernelBytes", "sharedBytes")]
    return None if None in values else float(sum(values))
