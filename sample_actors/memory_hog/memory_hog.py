"""Prints how much memory it got, then allocates memory in steps until it is killed."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MEBIBYTE = 1024 * 1024
LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # cgroup v2, v1


@dataclass(frozen=True)
class Steps:
    """How to allocate memory. `until_mbytes` 0 means that there is no end."""

    step_mbytes: int
    until_mbytes: int
    step_secs: float


def main() -> None:
    print(f"Given: ACTOR_MEMORY_MBYTES={os.environ.get('ACTOR_MEMORY_MBYTES')}, {cgroup_limit()}", flush=True)
    run_input = read_input()
    steps = Steps(run_input.get("stepMbytes", 16), run_input.get("untilMbytes", 0), run_input.get("stepSecs", 0))
    if run_input.get("inChild", False):
        allocate_in_child(steps)
    else:
        allocate(steps)


def cgroup_limit() -> str:
    for name in LIMIT_FILES:
        if (file := Path(name)).exists():
            return f"{name}={file.read_text().strip()}"
    return "no visible cgroup limit"


def allocate(steps: Steps) -> None:
    held: list[bytes] = []
    while not steps.until_mbytes or len(held) * steps.step_mbytes < steps.until_mbytes:
        # Every page is written, because the kernel allocates a page only when something is written to it.
        held.append(b"\x01" * (steps.step_mbytes * MEBIBYTE))
        print(f"Holding {len(held) * steps.step_mbytes} MB", flush=True)
        time.sleep(steps.step_secs)
    print("Enough", flush=True)


def allocate_in_child(steps: Steps) -> None:
    """Let a child process allocate the memory, and continue when it has ended."""
    child = os.fork()
    if child == 0:
        allocate(steps)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        print(f"The child was killed by {signal.Signals(os.WTERMSIG(status)).name}, the Actor continues", flush=True)
    else:
        print(f"The child ended with code {os.waitstatus_to_exitcode(status)}", flush=True)


def read_input() -> dict[str, Any]:
    """Return the run's input. It is empty if there is none, for example in a container that was started by hand."""
    store = os.environ.get("ACTOR_DEFAULT_KEY_VALUE_STORE_ID")
    if store is None:
        return {}
    url = f"{os.environ['APIFY_API_BASE_URL']}/v2/key-value-stores/{store}/records/{os.environ['ACTOR_INPUT_KEY']}"
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}"})) as response:
            fields: dict[str, Any] = json.load(response)
            return fields
    except HTTPError as error:
        if error.code == 404:
            return {}
        raise


main()
