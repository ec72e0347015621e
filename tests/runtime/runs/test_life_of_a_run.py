"""Random orders, exits, crashes and delays for one run: every status change is legal and the run ends."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.base.errors import GreenroomError
from runtime.base.lifecycle import MOVES, JobStatus
from runtime.base.records import Actor, Run
from runtime.containers import Container
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.examples import examples
from tests.fakes.containers import FakeContainer
from tests.fakes.records import a_pricing
from tests.fakes.stage import META, Stage

S = JobStatus
TIMEOUT_SECS = 90
MAX_CONTAINERS = 40
MAX_CHARGE_USD = 7


class Life:
    """One run on a stage. `check` asserts the invariants of a run after each step."""

    def __init__(self, stage: Stage, run: Run, metamorph_target: Actor) -> None:
        self.stage = stage
        self.run = run
        self.metamorph_target = metamorph_target
        self.status = run.status
        self.may_be_resurrected = False
        self.charged = 0

    @property
    def current(self) -> Run:
        return self.stage.current(self.run)

    @property
    def container(self) -> FakeContainer | None:
        """The run's container; None if it has none at the moment."""
        existing = [each for each in self.stage.containers_of(self.run) if not each.is_removed]
        assert len(existing) <= 1, "a run has two containers"
        return existing[0] if existing else None

    def check(self) -> None:
        current = self.current
        assert current.status in self.allowed(), (self.status, current.status)
        assert current.status.is_terminal == (current.finished_at is not None)
        assert self.container is None or not self.container.is_removed
        assert current.charged_event_counts.get("page", 0) == self.charged, "a charge was lost or counted twice"
        self.status = current.status
        self.may_be_resurrected = False

    def allowed(self) -> set[JobStatus]:
        """The statuses that the run may have now. It may have ended and been resurrected since the last check."""
        allowed = {self.status} | reachable(self.status)
        if self.may_be_resurrected and any(status.is_terminal for status in allowed):
            allowed |= {S.RUNNING} | reachable(S.RUNNING)
        return allowed


def reachable(status: JobStatus) -> set[JobStatus]:
    """Return the statuses that a run can reach in one or more moves."""
    found: set[JobStatus] = set()
    next_statuses = set(MOVES.get(status, ()))
    while next_statuses - found:
        found |= next_statuses
        next_statuses = {end for each in found for end in MOVES.get(each, ())}
    return found


async def try_order(order: Awaitable[object]) -> None:
    """Give an order that may be rejected in the run's current state."""
    with suppress(GreenroomError):
        await order


async def exit_container(life: Life, code: int) -> None:
    container = life.container
    if container is not None:
        container.exits(code)


async def remove_container(life: Life) -> None:
    if life.container is not None:
        life.container.vanishes()


async def restart_server(life: Life, secs: float) -> None:
    """The containers keep running while the server is down."""
    await life.stage.restart_server(secs)


async def restart_engine(life: Life, secs: float) -> None:
    life.stage.engine.stops()
    await life.stage.clock.advance(secs)
    life.stage.engine.starts()


async def resurrect(life: Life) -> None:
    life.may_be_resurrected = True
    await try_order(life.stage.orchestrator.resurrection.resurrect(life.current, StartOptions()))


async def charge(life: Life) -> None:
    """Send one charge twice, as after a lost connection."""
    for _ in range(2):
        await life.stage.orchestrator.billing.charge(life.current, "page", 2, f"charge {life.charged}")
    life.charged += 2


Step = Callable[[Life], Awaitable[None]]

STEPS: dict[str, Step] = {
    "exit 0": lambda life: exit_container(life, 0),
    "exit 1": lambda life: exit_container(life, 1),
    "remove the container": remove_container,
    "abort": lambda life: try_order(life.stage.orchestrator.orders.abort(life.run)),
    "abort gracefully": lambda life: try_order(life.stage.orchestrator.orders.abort(life.run, gracefully=True)),
    "reboot": lambda life: try_order(life.stage.orchestrator.orders.reboot(life.current)),
    "migrate": lambda life: try_order(life.stage.orchestrator.orders.migrate(life.current)),
    "metamorph": lambda life: try_order(
        life.stage.orchestrator.metamorphs.order(life.current, life.metamorph_target, None, None)
    ),
    "resurrect": resurrect,
    "charge": charge,
    "restart the server": lambda life: restart_server(life, 0),
    "stop the server for 20 s": lambda life: restart_server(life, 20),
    "restart the engine": lambda life: restart_engine(life, 0),
    "stop the engine for 20 s": lambda life: restart_engine(life, 20),
    "wait 1 s": lambda life: life.stage.clock.advance(1),
    "wait 30 s": lambda life: life.stage.clock.advance(30),
}


async def play(folder: Path, steps: list[tuple[str, bool]], restart_on_error: bool) -> None:
    stage = Stage(folder)
    await stage.open()
    metamorph_target = await stage.create_actor("target")
    actor = await stage.create_actor("first")
    actor = await stage.orchestrator.actors.update(actor, lambda _: {"pricings": (a_pricing({"page": 1}),)})
    options = StartOptions(
        timeout_secs=TIMEOUT_SECS, restart_on_error=restart_on_error, max_total_charge_usd=MAX_CHARGE_USD
    )
    life = Life(
        stage,
        await stage.orchestrator.starting.start(
            StartRequest(user=stage.user, actor=actor, input=None, options=options, meta=META)
        ),
        metamorph_target,
    )
    stage.engine.on_create = lambda container: check_only_container(life, container)
    for name, settle in steps:
        await STEPS[name](life)
        if settle:
            await stage.clock.settle()
        life.check()
    await stage.clock.advance(TIMEOUT_SECS + 60)
    life.check()
    assert life.current.status.is_terminal, "a run with a timeout must end"
    assert stage.engine.containers == [] and len(stage.orchestrator.live_runs.live_run_ids) == 0
    assert len(stage.containers_of(life.run)) < MAX_CONTAINERS
    await stage.close()


def check_only_container(life: Life, created: Container) -> None:
    others = [each for each in life.stage.containers_of(life.run) if each is not created and not each.is_removed]
    assert others == [], "a run got a second container"


@settings(max_examples=examples(250), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.booleans()), max_size=14),
    restart_on_error=st.booleans(),
)
def test_any_sequence_of_events_leads_a_run_through_legal_statuses_to_an_end(
    steps: list[tuple[str, bool]], restart_on_error: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), steps, restart_on_error))
