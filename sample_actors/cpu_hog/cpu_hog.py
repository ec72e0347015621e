"""Uses all the CPU that it gets, and measures once a second how much that is."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

STARTED = time.monotonic()
CHUNK = bytes(1024 * 1024)  # Python releases its lock while it hashes so much data, so threads run in parallel

Measurement = dict[str, float | None]


def main() -> None:
    cpus = os.environ.get("APIFY_DEDICATED_CPUS")
    print(f"Given: APIFY_DEDICATED_CPUS={cpus}, cgroup quota {quota_cores()} cores", flush=True)
    run_input = read_input()
    measurements = []
    for measurement in use_cpu(run_input.get("secs", 20), run_input.get("threads", 2)):
        print(json.dumps(measurement), flush=True)
        measurements.append(measurement)
    push(measurements)


def use_cpu(secs: float, threads: int) -> Iterator[Measurement]:
    """Let `threads` threads work for `secs`, and yield a measurement once a second."""
    done = Event()
    workers = [Thread(target=hash_until, args=(done,)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    yield from measure(secs)
    done.set()
    for worker in workers:
        worker.join()


def hash_until(done: Event) -> None:
    while not done.is_set():
        hashlib.sha256(CHUNK)


def measure(secs: float) -> Iterator[Measurement]:
    """Yield a measurement once a second: time since the Actor's start, CPU time of all threads, and cores used."""
    wall_before = began = time.monotonic()
    cpu_before = time.process_time()
    while wall_before - began < secs:
        time.sleep(1)
        wall, cpu = time.monotonic(), time.process_time()
        interval, used = wall - wall_before, cpu - cpu_before
        yield {
            "wallSecs": round(wall - STARTED, 3),
            "intervalSecs": round(interval, 3),
            "cpuSecs": round(used, 3),
            "cores": round(used / interval, 3),
            "quotaCores": quota_cores(),
        }
        wall_before, cpu_before = wall, cpu


def quota_cores() -> float | None:
    """Return the cgroup's quota in cores. It is in one file in version 2, in two in version 1. There -1 means none."""
    v2, v1 = Path("/sys/fs/cgroup/cpu.max"), Path("/sys/fs/cgroup/cpu")
    if v2.exists():
        quota, period = v2.read_text().split()
    elif v1.exists():
        quota, period = ((v1 / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
    else:
        return None
    return None if quota in ("max", "-1") else int(quota) / int(period)


def read_input() -> dict[str, Any]:
    """Return the run's input. It is empty if there is none, for example in a container that was started by hand."""
    store = os.environ.get("ACTOR_DEFAULT_KEY_VALUE_STORE_ID")
    if store is None:
        return {}
    try:
        with urlopen(api_request(f"key-value-stores/{store}/records/{os.environ['ACTOR_INPUT_KEY']}")) as response:
            fields: dict[str, Any] = json.load(response)
            return fields
    except HTTPError as error:
        if error.code == 404:
            return {}
        raise


def push(items: list[Measurement]) -> None:
    dataset = os.environ.get("ACTOR_DEFAULT_DATASET_ID")
    if dataset is not None:
        with urlopen(api_request(f"datasets/{dataset}/items", json.dumps(items).encode())):
            print(f"Pushed {len(items)} measurements", flush=True)


def api_request(path: str, body: bytes | None = None) -> Request:
    headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}", "Content-Type": "application/json"}
    return Request(f"{os.environ['APIFY_API_BASE_URL']}/v2/{path}", body, headers)


main()
