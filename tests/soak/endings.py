"""The endings of the soak test's runs: the input, the orders to the run, and the expected result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from testing.api_client import Json
from tests.soak.client import Client

Order = Callable[[Client, Json], int]
"""Sends an order to a started run and returns how many additional times the server may have processed it."""

FINISHED = r"Actor finished with exit code {code}\."
MORE_MEMORY = r"Run it with more memory, for example 256 MB\."
OOM = rf"Actor was killed because it exceeded its memory limit of 128 MB\. {MORE_MEMORY}"
DISK_FULL = (
    r"The Actor exceeded its disk limit of 256 MB \(it had written \d+ MB\) and was stopped\. "
    rf"Disk is twice the memory\. {MORE_MEMORY}"
)
ABORTED = r"Actor was aborted\."
KILLED, TERMINATED = 137, 143


def abort_immediately(client: Client, run: Json) -> int:
    return client.order(f"/v2/actor-runs/{run['id']}/abort")


def abort(client: Client, run: Json) -> int:
    client.until_ready(run)
    return client.order(f"/v2/actor-runs/{run['id']}/abort")


def abort_gracefully(client: Client, run: Json) -> int:
    client.until_ready(run)
    return client.order(f"/v2/actor-runs/{run['id']}/abort", params={"gracefully": 1})


def migrate(client: Client, run: Json) -> int:
    client.until_ready(run)
    return client.order(f"/greenroom/runs/{run['id']}/migrate")


def resurrect(client: Client, run: Json) -> int:
    client.ended(run)
    return client.order(f"/v2/actor-runs/{run['id']}/resurrect")


@dataclass(frozen=True)
class Ending:
    """An input with orders, and the expected result of the run.

    `counters` are minimums: each order that may have been processed twice can increase them by one. `is_whole` means
    that every container of the run does all its work. `actor` is the name of one of the soak test's Actors.
    """

    name: str
    status: str = "SUCCEEDED"
    exit_codes: tuple[int | None, ...] = (0,)
    message: str = FINISHED
    input: Mapping[str, Any] = field(default_factory=lambda: {"do": "exit", "exitCode": 0})
    options: Mapping[str, Any] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)
    actor: str = "soak"
    log_line: str | None = None
    is_whole: bool = True
    is_slow: bool = False
    is_deleted: bool = False


ENDINGS = (
    Ending("succeeds"),
    Ending("succeeds with much output", input={"do": "exit", "exitCode": 0, "lines": 3000, "pushes": 12, "records": 4}),
    Ending("fails", "FAILED", (7,), input={"do": "exit", "exitCode": 7}),
    Ending("runs out of memory", "FAILED", (KILLED,), OOM, {"do": "fill memory"}),
    Ending(
        "outlives a child that runs out of memory",
        input={"do": "fill the memory of a child"},
        log_line="continued without it",
    ),
    Ending(
        "times out",
        "TIMED-OUT",
        (TERMINATED, KILLED),
        r"Actor timed out after 3 seconds\..*",
        {"do": "sleep"},
        {"timeout": 3},
        is_whole=False,
    ),
    Ending(
        "is aborted immediately",
        "ABORTED",
        (None, KILLED),
        ABORTED,
        {"do": "sleep"},
        orders=(abort_immediately,),
        is_whole=False,
    ),
    Ending("is aborted", "ABORTED", (KILLED,), ABORTED, {"do": "sleep"}, orders=(abort,)),
    Ending("leaves when aborted", "ABORTED", (0,), ABORTED, {"do": "leave when aborted"}, orders=(abort_gracefully,)),
    Ending(
        "stays when aborted", "ABORTED", (KILLED,), ABORTED, {"do": "sleep"}, orders=(abort_gracefully,), is_slow=True
    ),
    Ending(
        "stays when aborted, twice", "ABORTED", (KILLED,), ABORTED, {"do": "sleep"}, orders=(abort_gracefully, abort)
    ),
    Ending("reboots", input={"do": "reboot", "reboots": 2}, counters={"rebootCount": 2}),
    Ending("metamorphs", input={"do": "metamorph", "exitCode": 0}, counters={"metamorph": 1}),
    Ending("leaves when migrated", input={"do": "leave when migrated"}, orders=(migrate,), counters={"rebootCount": 1}),
    Ending(
        "stays when migrated",
        input={"do": "stay in the first life"},
        orders=(migrate,),
        counters={"migrationCount": 1},
        is_slow=True,
    ),
    Ending(
        "fails, then succeeds",
        input={"do": "fail in the first life"},
        options={"restartOnError": 1},
        counters={"restartCount": 1},
    ),
    Ending(
        "is a crash loop",
        "FAILED",
        (9,),
        input={"do": "exit", "exitCode": 9},
        options={"restartOnError": 1},
        counters={"restartCount": 3},
    ),
    Ending(
        "has no image",
        "FAILED",
        (None,),
        r"The Actor's container could not be started: .*[Nn]o such image.*",
        actor="without-image",
        is_whole=False,
    ),
    Ending(
        "has no user",
        "FAILED",
        (None,),
        r"The Actor's container could not be started: .*no matching entries in passwd file.*",
        actor="without-user",
        is_whole=False,
    ),
    Ending("has no program", "FAILED", (127,), actor="without-program", is_whole=False),
    Ending("fills its disk", "FAILED", (KILLED,), DISK_FULL, {"do": "fill disk"}),
    Ending(
        "sets its message",
        message="Last words",
        input={"do": "set message", "message": "Last words", "exitCode": 0},
    ),
    Ending(
        "sets its message and fails",
        "FAILED",
        (3,),
        "Because",
        {"do": "set message", "message": "Because", "exitCode": 3},
    ),
    Ending("is resurrected", orders=(resurrect,), counters={"resurrectCount": 1}),
    Ending("is deleted", is_deleted=True),
)
