"""Composes the parts of this room."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.clock import Clock
from runtime.builds import Builds
from runtime.database import Database
from runtime.runs.live_runs import LiveRuns
from runtime.runs.orders import Orders
from runtime.runs.readiness import is_ready
from runtime.runs.runs import Runs
from runtime.runs.starting import Starting
from runtime.standby.standby import Standby
from runtime.standby.standby_runs import StandbyRuns
from runtime.standby.targets import StandbyTargets


class Parts(Protocol):
    """The parts of an instance that this room uses: the orchestrator has all of them."""

    database: Database
    users: Users
    actors: Actors
    tasks: Tasks
    builds: Builds
    starting: Starting
    runs: Runs
    orders: Orders
    live_runs: LiveRuns
    clock: Clock


def create_standby(parts: Parts) -> Standby:
    targets = StandbyTargets(
        database=parts.database, users=parts.users, actors=parts.actors, tasks=parts.tasks, builds=parts.builds
    )
    runs = StandbyRuns(
        starting=parts.starting,
        runs=parts.runs,
        orders=parts.orders,
        probe=partial(_answers, parts.live_runs),
        clock=parts.clock,
    )
    return Standby(targets=targets, runs=runs, clock=parts.clock)


async def _answers(live_runs: LiveRuns, run_id: str) -> bool:
    """Whether the web server of a live run answers the platform's probe."""
    address = await live_runs.web_server_address(run_id)
    return address is not None and await is_ready(*address)
