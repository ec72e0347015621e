"""Random orders, exits, crashes and time, fired at one run: its life stays legal and comes to an end."""

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
from tests.fakes.containers import FakeContainer
from tests.fakes.records import a_pricing
from tests.fakes.stage import META, Stage

S = JobStatus
TIMEOUT_SECS = 90
MOST_RESTARTS = 40
MAX_CHARGE_USD = 7


class Life:
    """One run on a stage, with what must never be broken checked at every turn."""

    def __init__(self, stage: Stage, run: Run, butterfly: Actor) -> None:
        self.stage = stage
        self.run = run
        self.butterfly = butterfly
        self.status = run.status
        self.may_rise = False
        self.charged = 0

    @property
    def now(self) -> Run:
        return self.stage.now(self.run)

    @property
    def container(self) -> FakeContainer | None:
        """The run's container, while it is there."""
        there = [each for each in self.stage.containers_of(self.run) if not each.is_removed]
        assert len(there) <= 1, "two containers of one run"
        return there[0] if there else None

    def check(self) -> None:
        now = self.now
        assert now.status in self.allowed(), (self.status, now.status)
        assert now.status.is_terminal == (now.finished_at is not None)
        assert self.container is None or not self.container.is_removed
        assert now.charged_event_counts.get("page", 0) == self.charged, "charges neither get lost nor come twice"
        self.status = now.status
        self.may_rise = False

    def allowed(self) -> set[JobStatus]:
        """What may have become of the run since the last look: between two looks it may have ended and risen again."""
        allowed = {self.status} | reachable(self.status)
        if self.may_rise and any(status.is_terminal for status in allowed):
            allowed |= {S.RUNNING} | reachable(S.RUNNING)
        return allowed


def reachable(status: JobStatus) -> set[JobStatus]:
    """What a run may have become, in one move or several."""
    found: set[JobStatus] = set()
    ways = set(MOVES.get(status, ()))
    while ways - found:
        found |= ways
        ways = {end for each in found for end in MOVES.get(each, ())}
    return found


async def order(life: Life, give: Awaitable[object]) -> None:
    """An order that may come at a moment when it is refused."""
    with suppress(GreenroomError):
        await give


async def exits(life: Life, code: int) -> None:
    container = life.container
    if container is not None:
        container.exits(code)


async def vanishes(life: Life) -> None:
    if life.container is not None:
        life.container.vanishes()


async def crashes(life: Life, secs: float) -> None:
    """The server dies where it stands; its runs' containers go on without it."""
    await life.stage.close()
    await life.stage.clock.advance(secs)
    await life.stage.open()


async def engine_restarts(life: Life, secs: float) -> None:
    life.stage.engine.stops()
    await life.stage.clock.advance(secs)
    life.stage.engine.starts()


async def rises(life: Life) -> None:
    life.may_rise = True
    await order(life, life.stage.orchestrator.resurrection.resurrect(life.now, StartOptions()))


async def charges(life: Life) -> None:
    """A charge that is sent twice, as after a broken connection."""
    for _ in range(2):
        await life.stage.orchestrator.billing.charge(life.now, "page", 2, f"charge {life.charged}")
    life.charged += 2


Step = Callable[[Life], Awaitable[None]]

STEPS: dict[str, Step] = {
    "exit 0": lambda life: exits(life, 0),
    "exit 1": lambda life: exits(life, 1),
    "vanish": vanishes,
    "abort": lambda life: order(life, life.stage.orchestrator.orders.abort(life.run)),
    "abort gracefully": lambda life: order(life, life.stage.orchestrator.orders.abort(life.run, gracefully=True)),
    "reboot": lambda life: order(life, life.stage.orchestrator.orders.reboot(life.now)),
    "migrate": lambda life: order(life, life.stage.orchestrator.orders.migrate(life.now)),
    "metamorph": lambda life: order(
        life, life.stage.orchestrator.metamorphs.order(life.now, life.butterfly, None, None)
    ),
    "resurrect": rises,
    "charge": charges,
    "crash": lambda life: crashes(life, 0),
    "crash for a while": lambda life: crashes(life, 20),
    "engine restarts": lambda life: engine_restarts(life, 0),
    "engine is away for a while": lambda life: engine_restarts(life, 20),
    "a second": lambda life: life.stage.clock.advance(1),
    "half a minute": lambda life: life.stage.clock.advance(30),
}


async def live(folder: Path, steps: list[tuple[str, bool]], restart_on_error: bool) -> None:
    stage = Stage(folder)
    await stage.open()
    butterfly = await stage.an_actor("butterfly")
    actor = await stage.an_actor("caterpillar")
    actor = await stage.orchestrator.actors.update(actor, lambda _: {"pricings": (a_pricing({"page": 1}),)})
    options = StartOptions(
        timeout_secs=TIMEOUT_SECS, restart_on_error=restart_on_error, max_total_charge_usd=MAX_CHARGE_USD
    )
    life = Life(
        stage,
        await stage.orchestrator.starting.start(
            StartRequest(user=stage.user, actor=actor, input=None, options=options, meta=META)
        ),
        butterfly,
    )
    stage.engine.on_create = lambda container: never_two(life, container)
    for name, settles in steps:
        await STEPS[name](life)
        if settles:
            await stage.clock.settle()
        life.check()
    await stage.clock.advance(TIMEOUT_SECS + 60)
    life.check()
    assert life.now.status.is_terminal, "a run with a timeout must come to an end"
    assert stage.engine.containers == [] and len(stage.orchestrator.supervisors.live_run_ids) == 0
    assert len(stage.containers_of(life.run)) < MOST_RESTARTS
    await stage.close()


def never_two(life: Life, created: Container) -> None:
    others = [each for each in life.stage.containers_of(life.run) if each is not created and not each.is_removed]
    assert others == [], "a second container for one run"


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.booleans()), max_size=14),
    restart_on_error=st.booleans(),
)
def test_whatever_happens_a_run_lives_a_legal_life_and_ends(
    steps: list[tuple[str, bool]], restart_on_error: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder), steps, restart_on_error))
