"""Reports and curves of runs, as the server returns them."""

from __future__ import annotations

from typing import Any

MIB = 1 << 20
STARTED_AT = 1_700_000_000_000


def figure(value: float | None, basis: str = "measured", *, is_lower_bound: bool = False) -> dict[str, Any]:
    return {"value": value, "basis": None if value is None else basis, "isLowerBound": is_lower_bound}


def a_report(**fields: Any) -> dict[str, Any]:
    return {
        "runId": "r1",
        "actorName": "greeter",
        "buildNumber": "0.3.1",
        "status": "SUCCEEDED",
        "statusMessage": "All done",
        "exitCode": 0,
        "startedAt": "2026-01-01T00:00:00.000Z",
        "finishedAt": "2026-01-01T00:00:02.340Z",
        "durationSecs": 2.34,
        "samples": 4,
        "sources": ["cgroup v2"],
        "memory": {
            "limitBytes": 128 * MIB,
            "peakBytes": figure(64 * MIB),
            "p95Bytes": figure(60 * MIB),
            "averageBytes": figure(50 * MIB),
            "atPeak": {
                "at": STARTED_AT + 2000,
                "anonymousBytes": figure(56 * MIB),
                "kernelBytes": figure(4 * MIB),
                "sharedBytes": figure(0),
                "cacheBytes": figure(10 * MIB),
            },
            "cachePeakBytes": figure(12 * MIB),
            "oomKills": figure(0),
        },
        "cpu": {
            "grantedCores": 0.03125,
            "usedSecs": figure(0.5),
            "shareOfGrant": figure(0.25),
            "peakCores": figure(0.9),
            "throttledSecs": figure(1.2),
            "throttledShare": figure(0.4),
        },
        "processes": [
            {"name": "node", "memoryPeakBytes": figure(50 * MIB, "estimated"), "cpuSecs": figure(0.4, "estimated")}
        ],
        "processPeak": figure(3),
        "threadPeak": figure(11),
        "disk": {"limitBytes": 256 * MIB, "enforcement": "polled", "peakBytes": figure(4096)},
        "network": {"receivedBytes": figure(2_500_000), "sentBytes": figure(3000), "apiBytes": figure(100)},
        "items": figure(5),
        "restarts": {"migrations": 1, "reboots": 0, "metamorphs": 0, "restartsOnError": 0, "resurrections": 0},
        "usage": [
            usage("ACTOR_COMPUTE_UNITS", 0.00031, 0.2),
            usage("DATASET_WRITES", 5, 0.000005),
            usage("DATASET_READS", 0, 0.0000004),
        ],
        "events": [{"name": "page", "count": figure(3), "priceUsd": 0.1, "usd": figure(0.3, "estimated")}],
        "cost": {
            "computeUnits": figure(0.00031),
            "usageUsd": figure(0.000087, "estimated"),
            "eventsUsd": figure(0.3, "estimated"),
            "totalUsd": figure(0.3, "estimated"),
            "usagePayer": "developer",
        },
        **fields,
    }


def an_unmeasured_report() -> dict[str, Any]:
    unknown = figure(None)
    report = a_report()
    memory = {name: unknown for name in ("peakBytes", "p95Bytes", "averageBytes", "cachePeakBytes", "oomKills")}
    cpu = dict.fromkeys(("usedSecs", "shareOfGrant", "peakCores", "throttledSecs", "throttledShare"), unknown)
    return a_report(
        samples=0,
        sources=[],
        memory={**report["memory"], **memory, "atPeak": None},
        cpu={**report["cpu"], **cpu},
        processes=[],
        processPeak=unknown,
        threadPeak=unknown,
        disk={**report["disk"], "peakBytes": unknown},
        network=dict.fromkeys(report["network"], unknown),
    )


def usage(unit: str, quantity: float, usd_per_unit: float) -> dict[str, Any]:
    usd = figure(quantity * usd_per_unit, "estimated")
    return {"unit": unit, "quantity": figure(quantity), "usdPerUnit": usd_per_unit, "usd": usd}


def curve(*values: float | None) -> dict[str, Any]:
    return {"values": [*values], "low": None, "high": None}


def some_metrics(**fields: Any) -> dict[str, Any]:
    """The curves of four samples: the second container begins with the third one, after a migration."""
    names = (
        *("kernelBytes", "sharedBytes", "diskBytes", "grantedCores", "sentPerSec", "processes", "threads"),
        *("anonymousBytes", "receivedPerSec", "cpuCores"),
    )
    curves = {
        **{name: curve(1, 1, 1, 1) for name in names},
        "memoryBytes": curve(16 * MIB, 64 * MIB, 8 * MIB, 32 * MIB),
        "cacheBytes": curve(MIB, 2 * MIB, None, 4 * MIB),
        "limitBytes": curve(*[128 * MIB] * 4),
        "cpuShare": curve(None, 1.0, 0.5, 0.0),
        "throttledShare": curve(0.0, 0.9, 0.0, 0.0),
    }
    return {
        "runId": "r1",
        "isLive": False,
        "startedAt": STARTED_AT,
        "finishedAt": STARTED_AT + 4000,
        "samples": 4,
        "samplesPerPoint": 1,
        "sources": ["cgroup v2"],
        "at": [STARTED_AT + 1000 * second for second in range(1, 5)],
        "curves": curves,
        "processes": [{"name": "node", "memoryBytes": curve(*[8 * MIB] * 4), "cpuCores": curve(*[0.1] * 4)}],
        "events": [{"at": STARTED_AT + 3000, "kind": "migration"}],
        "gaps": [],
        **fields,
    }


def no_metrics() -> dict[str, Any]:
    return some_metrics(samples=0, sources=[], at=[], curves=None, processes=[], events=[])
