"""Usage by day and service: counted once, whatever happens to the runs and to the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runtime.base.clock import DAY_MILLIS, Millis, iso
from runtime.base.errors import Forbidden, LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.base.plans import PLANS
from runtime.base.records import Actor, BuildOptions, DailyUsage, Run, User
from runtime.billing import counting
from runtime.billing.monthly_usage import UsageReport, cycle_of
from runtime.billing.prices import START_EVENT
from runtime.runs.options import StartOptions
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_pricing, a_run
from tests.fakes.stage import Stage

MBYTES, ONE_UNIT_SECS = 8192, 450
"""A run of so many megabytes uses one compute unit in so many seconds."""
COMPUTE, EVENTS = "ACTOR_COMPUTE_UNITS", "PAID_ACTORS_PER_EVENT"


def at(text: str) -> Millis:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def report(stage: Stage, user: User | None = None) -> UsageReport:
    return stage.orchestrator.monthly_usage.report(user or stage.user, stage.clock.now())


def compute_units(stage: Stage) -> list[float]:
    """The compute units of each day on which there are any."""
    return [services[COMPUTE] for services in report(stage).days.values() if COMPUTE in services]


async def start(stage: Stage) -> Run:
    return await stage.start(memory_mbytes=MBYTES, timeout_secs=0)


async def use_one_unit(stage: Stage) -> Run:
    run = await start(stage)
    await stage.clock.advance(ONE_UNIT_SECS)
    return await stage.finish(run)


async def test_a_run_counts_all_it_used_even_after_its_deletion(stage: Stage) -> None:
    run = await start(stage)
    datasets = stage.orchestrator.datasets
    await datasets.push(datasets.find(run.user_id, run.default_dataset_id), b"[{}]")
    await stage.clock.advance(ONE_UNIT_SECS)
    assert report(stage).services == pytest.approx({COMPUTE: 1, "DATASET_WRITES": 1}), "live runs are included"
    ended = await stage.finish(run)
    used = {service: quantity for service, quantity in stage.orchestrator.billing.usage(ended).items() if quantity}
    assert report(stage).services == pytest.approx(used)
    assert report(stage).total_usd == pytest.approx(stage.orchestrator.billing.total_usd(ended))
    await stage.orchestrator.run_deletion.delete(ended)
    assert report(stage).services == pytest.approx(used)


async def test_a_run_counts_on_each_of_its_days(stage: Stage) -> None:
    midnight = START // DAY_MILLIS * DAY_MILLIS + DAY_MILLIS
    await stage.clock.advance((midnight - START) / 1000 - ONE_UNIT_SECS / 4)
    run = await start(stage)
    await stage.clock.advance(ONE_UNIT_SECS)
    assert compute_units(stage) == pytest.approx([0.25, 0.75], abs=1e-5)
    await stage.finish(run)
    assert compute_units(stage) == pytest.approx([0.25, 0.75], abs=1e-5)
    last_days = [iso(day) for day in report(stage).days][-2:]
    assert last_days == ["2023-11-14T00:00:00.000Z", "2023-11-15T00:00:00.000Z"]


async def test_a_resurrected_run_counts_only_what_is_new(stage: Stage) -> None:
    ended = await use_one_unit(stage)
    await stage.clock.advance(ONE_UNIT_SECS)
    resurrected = await stage.orchestrator.resurrection.resurrect(ended, StartOptions())
    await stage.clock.advance(ONE_UNIT_SECS)
    await stage.finish(resurrected)
    assert sum(compute_units(stage)) == pytest.approx(2)


async def test_a_restart_of_the_server_neither_loses_nor_repeats_usage(stage: Stage) -> None:
    run = await start(stage)
    await stage.clock.advance(ONE_UNIT_SECS)
    await stage.orchestrator.billing.count(run, stage.clock.now())
    await stage.restart_server(secs=ONE_UNIT_SECS)
    assert sum(compute_units(stage)) == pytest.approx(2)
    await stage.finish(run)
    await stage.restart_server()
    assert sum(compute_units(stage)) == pytest.approx(2)


async def test_the_end_of_a_run_and_its_usage_are_one_write(stage: Stage) -> None:
    database = stage.orchestrator.database
    await database.runs.insert(a_run())
    not_stored = DailyUsage(user_id="user1", day=0, service=COMPUTE, quantity=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        await database.daily_usage.update_job(
            database.runs, "run1", lambda run: (replace(run, status=JobStatus.FAILED), [not_stored])
        )
    stored = database.runs.get("run1")
    assert stored is not None and stored.status is JobStatus.RUNNING


def test_what_was_counted_stays_counted_if_its_storage_is_deleted() -> None:
    run, added = counting.count_run(a_run(), {"DATASET_WRITES": 5}, 0, "owner", START)
    assert [(each.service, each.quantity) for each in added] == [("DATASET_WRITES", 5)]
    assert counting.count_run(run, {"DATASET_WRITES": 0}, 0, "owner", START) == (run, [])


async def test_a_build_counts_once(stage: Stage) -> None:
    builds = stage.orchestrator.builds
    options = BuildOptions(tag="latest", memory_mbytes=MBYTES)
    build = await builds.insert(a_build(user_id=stage.user.id, status=JobStatus.RUNNING, options=options))
    await stage.clock.advance(ONE_UNIT_SECS)
    assert compute_units(stage) == [pytest.approx(1)]
    for is_first in (True, False):
        assert await builds.move(build.id, JobStatus.SUCCEEDED, finished_at=stage.clock.now()) is is_first
        assert compute_units(stage) == [pytest.approx(1)]


async def a_paid_actor_of(stage: Stage, owner: User) -> Actor:
    actor = await stage.create_actor("paid", owner)
    pricings = (a_pricing({START_EVENT: 0.5, "page": 0.25}),)
    await stage.orchestrator.actors.update(actor, lambda _: {"is_public": True, "pricings": pricings})
    return stage.orchestrator.actors.get(actor.id)


async def test_users_pay_the_charges_of_an_actor_and_its_owner_pays_the_usage(stage: Stage) -> None:
    owner = replace(stage.user, id="owner", username="owner")
    await stage.orchestrator.database.users.insert(owner)
    actor = await a_paid_actor_of(stage, owner)
    run = await stage.orchestrator.database.runs.insert(
        a_run(
            user_id=stage.user.id, actor_id=actor.id, pricing=actor.pricings[0], charged_event_counts={START_EVENT: 1}
        )
    )
    await stage.clock.advance(ONE_UNIT_SECS)
    await stage.orchestrator.statuses.move(run.id, JobStatus.FAILED)
    assert report(stage).services == {EVENTS: 0.5}
    assert report(stage, owner).services == {COMPUTE: pytest.approx(stage.orchestrator.billing.usage(run)[COMPUTE])}
    await stage.orchestrator.billing.charge(stage.current(run), "page", 2, None)
    assert report(stage).services == {EVENTS: 1}, "the last charge can arrive just after the end"
    assert report(stage).total_usd == 1


async def test_users_start_no_job_when_they_have_used_up_their_limit(stage: Stage) -> None:
    orchestrator, actor = stage.orchestrator, await stage.create_actor()
    await use_one_unit(stage)
    limit = report(stage).total_usd
    await orchestrator.account_limits.update(stage.user, max_monthly_usage_usd=limit, data_retention_days=None)
    with pytest.raises(Forbidden, match="Monthly usage hard limit exceeded") as raised:
        await stage.start(actor)
    assert raised.value.slug == "platform-feature-disabled"
    await orchestrator.account_limits.update(stage.user, max_monthly_usage_usd=limit + 1, data_retention_days=None)
    await stage.finish(await stage.start(actor))
    await orchestrator.account_limits.update(stage.user, max_monthly_usage_usd=limit, data_retention_days=None)
    await stage.clock.advance(30 * DAY_MILLIS / 1000)  # the next cycle
    await stage.start(actor)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2024-02-29T12:00:00", "2024-02-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"),
        ("2023-12-31T23:59:59.999", "2023-12-01T00:00:00.000Z", "2023-12-31T23:59:59.999Z"),
        ("1965-03-01", "1965-03-01T00:00:00.000Z", "1965-03-31T23:59:59.999Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z", "0001-01-31T23:59:59.999Z"),
        ("9999-12-31", "9999-12-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_cycle_is_a_calendar_month(moment: str, start: str, end: str) -> None:
    cycle = cycle_of(at(moment))
    assert (iso(cycle.start), iso(cycle.end)) == (start, end)


async def test_a_plan_limits_jobs_and_sets_the_prices(tmp_path_factory: pytest.TempPathFactory) -> None:
    stage = Stage(tmp_path_factory.mktemp("free"), plan=PLANS["business"], max_memory_mbytes=None)
    await stage.open()
    try:
        orchestrator = stage.orchestrator
        assert (orchestrator.job_quota.cap_mbytes, orchestrator.job_quota.max_jobs) == (524_288, 256)
        run = await use_one_unit(stage)
        assert orchestrator.billing.total_usd(run) == pytest.approx(0.13)
        orchestrator.job_quota.max_jobs = 1
        await stage.start()
        with pytest.raises(LimitReached):
            await stage.start()
    finally:
        await stage.close()
