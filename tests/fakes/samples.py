"""Samples of a container, for tests that only set some of their fields."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from runtime.base.clock import Millis
from runtime.containers import Detail, ProcessUse, Sample

MIB = 1 << 20
NANOS = 1_000_000


def a_detail(**fields: Any) -> Detail:
    given = {
        "source": "cgroup v2",
        "anonymous_bytes": 80 * MIB,
        "kernel_bytes": 4 * MIB,
        "is_kernel_estimated": False,
        "shared_bytes": 0,
        "cache_bytes": 16 * MIB,
    }
    return Detail(**{**given, **fields})


def a_sample(at: Millis, **fields: Any) -> Sample:
    given = {
        "memory_bytes": 90 * MIB,
        "memory_peak_bytes": 90 * MIB,
        "cpu_nanos": 0,
        "net_rx_bytes": 0,
        "net_tx_bytes": 0,
        "is_peak_complete": True,
        "detail": a_detail(),
    }
    return Sample(**{"at": at, **given, **fields})


class BusyContainer:
    """A browser crawl of which every value changes all the time: its samples can hardly be compressed."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        self._memory, self._counters = 300.0 * MIB, [0.0] * 7

    def samples(self, start: Millis, count: int, interval: Millis) -> Iterator[Sample]:
        for index in range(1, count + 1):
            yield self._next(start + index * interval + self._random.randint(0, 12), interval)

    def _next(self, at: Millis, interval: Millis) -> Sample:
        noise = self._random.gauss
        self._memory = min(480 * MIB, max(60 * MIB, self._memory + noise(0, 3 * MIB)))
        steps = (125, 30, 200_000, 20_000, 6, 40, 90)
        for index, step in enumerate(steps):
            self._counters[index] += abs(noise(step, step / 3)) * interval / 1000
        cpu, throttled, received, sent, periods, node, chrome = map(int, self._counters)
        memory = int(self._memory)
        detail = a_detail(
            anonymous_bytes=memory,
            kernel_bytes=int(8 * MIB + noise(0, MIB / 8)),
            shared_bytes=int(3 * MIB + noise(0, MIB / 8)),
            cache_bytes=int(60 * MIB + noise(0, MIB)),
            periods=at // 100,
            throttled_periods=periods,
            throttled_nanos=throttled * NANOS,
            threads=80 + self._random.randint(-4, 4),
            processes=12 + self._random.randint(-1, 1),
            by_name={
                "node": ProcessUse(int(memory * 0.3 + noise(0, MIB)), node * NANOS),
                "chrome": ProcessUse(int(memory * 0.7), chrome * NANOS),
            },
        )
        return a_sample(
            at,
            memory_bytes=memory + 10 * MIB,
            memory_peak_bytes=490 * MIB,
            cpu_nanos=cpu * NANOS,
            net_rx_bytes=received,
            net_tx_bytes=sent,
            oom_kills=0,
            detail=detail,
        )
