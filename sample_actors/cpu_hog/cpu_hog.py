"""Burns all the CPU it gets and measures, once a second, how much that was."""

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
CHUNK = bytes(
    1024 * 1024
)  # hashing so much at a time lets go of the interpreter's lock: threads fill cores in parallel

Measurement = dict[str, float | None]


def main() -> None:
    cpus = os.environ.get("APIFY_DEDICATED_CPUS")
    print(f"Given: APIFY_DEDICATED_CPUS={cpus}, cgroup quota {quota_cores()} cores", flush=True)
    run_input = read_input()
    measurements = []
    for measurement in burn(run_input.get("secs", 20), run_input.get("threads", 2)):
        print(json.dumps(measurement), flush=True)
        measurements.append(measurement)
    push(measurements)


def burn(secs: float, threads: int) -> Iterator[Measurement]:
    """Keep that many threads busy for `secs` and measure once a second meanwhile."""
    done = Event()
    burners = [Thread(target=hash_until, args=(done,)) for _ in range(threads)]
    for burner in burners:
        burner.start()
    yield from measure(secs)
    done.set()
    for burner in burners:
        burner.join()


def hash_until(done: Event) -> None:
    while not done.is_set():
        hashlib.sha256(CHUNK)


def measure(secs: float) -> Iterator[Measurement]:
    """Measure once a second: time since the Actor's start, CPU time of all threads, and what that is in cores."""
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
    """The cgroup's quota in cores: v2 has it in one file, v1 in two, where -1 means none."""
    v2, v1 = Path("/sys/fs/cgroup/cpu.max"), Path("/sys/fs/cgroup/cpu")
    if v2.exists():
        quota, period = v2.read_text().split()
    elif v1.exists():
        quota, period = ((v1 / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
    else:
        return None
    return None if quota in ("max", "-1") else int(quota) / int(period)


def read_input() -> dict[str, Any]:
    """The run's input record; empty where there is none, as in a container started by hand."""
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
