from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.base.errors import Invalid, LimitReached, NotFound
from runtime.base.lifecycle import JobStatus, may_move
from runtime.base.paging import Paging
from runtime.base.records import (
    EnvVar,
    Meta,
    Origin,
    PermissionLevel,
    Run,
    RunFilter,
    RunOptions,
    WebhookDraft,
    WebhookEvent,
)
from runtime.database.key_value_stores_table import MAX_BYTES_IN_DATABASE
from runtime.inputs.inputs import Input
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import START
from tests.fakes.receiver import Receiver
from tests.fakes.records import a_run
from tests.fakes.stage import META, Stage

S = JobStatus


async def stored(stage: Stage, status: JobStatus, id: str = "run1") -> Run:
    """A run that nobody supervises."""
    await stage.orchestrator.database.runs.delete(id)
    return await stage.orchestrator.database.runs.insert(a_run(id=id, status=status))


# Starting


async def test_a_new_run_is_ready_with_storages_and_secrets_of_its_own(stage: Stage) -> None:
    actor = await stage.an_actor()
    runs = [
        await stage.orchestrator.starting.start(
            StartRequest(user=stage.user, actor=actor, input=None, options=StartOptions(), meta=META)
        )
        for _ in range(2)
    ]
    first, second = runs
    assert first.status is S.READY
    assert (first.started_at, first.finished_at, first.exit_code) == (START, None, None)
    for field in (
        "id",
        "token",
        "web_key",
        "events_key",
        "container_url",
        "default_dataset_id",
        "default_key_value_store_id",
        "default_request_queue_id",
    ):
        assert getattr(first, field) != getattr(second, field)
    assert len(first.id) == 17 and len(first.web_key) >= 25 and len(first.events_key) >= 24
    assert stage.orchestrator.datasets.find(stage.user.id, first.default_dataset_id).run_id == first.id


async def test_without_options_the_actors_defaults_hold(stage: Stage) -> None:
    actor = await stage.an_actor(timeout_secs=77, memory_mbytes=2048, restart_on_error=True)
    assert (await stage.start(actor)).options == RunOptions(
        build="latest",
        timeout_secs=77,
        memory_mbytes=2048,
        disk_mbytes=4096,
        asked_mbytes=2048,
        restart_on_error=True,
    )


@pytest.mark.parametrize(
    ("asked", "field", "granted"),
    [
        ({"timeout_secs": 0}, "timeout_secs", 0),
        ({"memory_mbytes": 300}, "memory_mbytes", 512),
        ({"memory_mbytes": 300}, "disk_mbytes", 1024),
        ({"memory_mbytes": 300}, "asked_mbytes", 300),
        ({"max_items": 5}, "max_items", 5),
        ({"max_total_charge_usd": 0.5}, "max_total_charge_usd", 0.5),
        ({"restart_on_error": False}, "restart_on_error", False),
        ({"build": "0.0.1"}, "build", "0.0.1"),
    ],
)
async def test_an_option_beats_the_actors_default(
    stage: Stage, asked: dict[str, Any], field: str, granted: Any
) -> None:
    actor = await stage.an_actor(timeout_secs=77, memory_mbytes=2048, restart_on_error=True)
    assert getattr((await stage.start(actor, **asked)).options, field) == granted


async def test_the_permission_level_is_kept_with_the_run(stage: Stage) -> None:
    assert (await stage.start(permission_level=PermissionLevel.FULL)).permission_level is PermissionLevel.FULL
    assert (await stage.start()).permission_level is PermissionLevel.LIMITED


async def test_the_input_is_stored_as_it_came(stage: Stage) -> None:
    run = await stage.start(input=Input(body=b"\x00raw", content_type="application/x-thing"))
    record = stage.orchestrator.key_value_stores.get_record(run.default_key_value_store_id, "INPUT")
    assert record is not None
    assert (record.body, record.info.content_type) == (b"\x00raw", "application/x-thing")
    assert run.stats.input_body_len == 4


async def test_without_an_input_there_is_no_record(stage: Stage) -> None:
    run = await stage.start()
    assert stage.orchestrator.key_value_stores.get_record(run.default_key_value_store_id, "INPUT") is None
    assert run.stats.input_body_len == 0


async def test_the_web_servers_port_is_the_builds(stage: Stage) -> None:
    actor = await stage.an_actor()
    await stage.a_build(actor, "latest", EnvVar(name="ACTOR_WEB_SERVER_PORT", value="8080"))
    assert (await stage.start(stage.orchestrator.actors.get(actor.id))).web_server_port == 8080


async def test_a_start_is_counted_by_the_actor(stage: Stage) -> None:
    actor = await stage.an_actor()
    await stage.start(actor)
    await stage.clock.advance(3)
    await stage.start(actor)
    counted = stage.orchestrator.actors.get(actor.id)
    assert (counted.total_runs, counted.last_run_started_at) == (2, START + 3000)


@pytest.mark.parametrize("build", ["nightly", "0.0.99", "9.9.9"])
async def test_an_unknown_build_is_refused_by_name_and_nothing_is_recorded(stage: Stage, build: str) -> None:
    actor = await stage.an_actor()
    with pytest.raises(Invalid, match=build) as problem:
        await stage.start(actor, build=build)
    assert problem.value.slug == "unknown-build-tag"
    assert "latest" in problem.value.message
    assert stage.orchestrator.database.runs.all() == []
    assert stage.orchestrator.actors.get(actor.id).total_runs == 0


async def test_over_the_memory_cap_nothing_is_recorded_and_room_comes_back_with_an_end(stage: Stage) -> None:
    actor = await stage.an_actor(memory_mbytes=8192)
    first = await stage.start(actor)
    await stage.start(actor)
    with pytest.raises(LimitReached):
        await stage.start(actor, memory_mbytes=128)
    assert len(stage.orchestrator.database.runs.all()) == 2
    await stage.ended(first)
    assert (await stage.start(actor)).status is S.RUNNING


# Moving


@pytest.mark.parametrize("to", list(S))
@pytest.mark.parametrize("now", list(S))
async def test_only_moves_that_the_lifecycle_allows_are_written(stage: Stage, now: S, to: S) -> None:
    run = await stored(stage, now)
    moved = await stage.orchestrator.runs.move(run.id, to, lambda run: replace(run, status_message="moved"))
    after = stage.now(run)
    assert moved == may_move(now, to)
    assert (after.status, after.status_message) == ((to, "moved") if moved else (now, None))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(list(S)), min_size=1, max_size=12), st.booleans())
async def test_no_sequence_of_moves_makes_an_illegal_one(stage: Stage, wanted: list[S], at_once: bool) -> None:
    run, written = await stored(stage, S.READY), list[tuple[S, S]]()

    async def move(to: S) -> bool:
        before: list[S] = []

        def look(now: Run) -> Run:
            before.append(now.status)
            return now

        moved = await stage.orchestrator.runs.move(run.id, to, look)
        if moved:
            written.append((before[0], to))
        return moved

    if at_once:
        await asyncio.gather(*[move(to) for to in wanted])
    else:
        for to in wanted:
            await move(to)
    assert all(may_move(now, to) for now, to in written)
    assert [to for _, to in written][:-1] == [now for now, _ in written][1:]
    assert stage.now(run).status is (written[-1][1] if written else S.READY)


@pytest.mark.parametrize(
    ("order", "end"),
    [
        ((S.ABORTING, S.SUCCEEDED, S.ABORTED), S.ABORTED),
        ((S.SUCCEEDED, S.ABORTING, S.ABORTED), S.SUCCEEDED),
        ((S.ABORTING, S.TIMING_OUT, S.TIMED_OUT, S.ABORTED), S.ABORTED),
        ((S.TIMING_OUT, S.ABORTING, S.TIMED_OUT, S.ABORTED), S.ABORTED),
        ((S.TIMING_OUT, S.TIMED_OUT, S.ABORTING), S.TIMED_OUT),
        ((S.FAILED, S.SUCCEEDED), S.FAILED),
    ],
)
async def test_of_moves_that_race_the_first_legal_one_wins_and_an_abort_is_never_overwritten(
    stage: Stage, order: tuple[S, ...], end: S
) -> None:
    run = await stored(stage, S.RUNNING)
    await asyncio.gather(*[stage.orchestrator.runs.move(run.id, to) for to in order])
    assert stage.now(run).status is end


async def test_a_change_of_anything_else_never_touches_the_status(stage: Stage) -> None:
    run = await stored(stage, S.RUNNING)
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, status=S.SUCCEEDED, exit_code=3))
    assert (stage.now(run).status, stage.now(run).exit_code) == (S.RUNNING, 3)


async def test_moving_or_changing_what_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.orchestrator.runs.move("nobody", S.RUNNING)
    with pytest.raises(NotFound):
        await stage.orchestrator.runs.change("nobody", lambda run: run)


# Asking


async def test_waiting_for_an_ended_run_or_for_no_time_returns_at_once(stage: Stage) -> None:
    ended, live = await stored(stage, S.SUCCEEDED, "one"), await stored(stage, S.RUNNING, "two")
    assert await stage.orchestrator.runs.wait(ended.id, 60) == ended
    assert await stage.orchestrator.runs.wait(live.id, 0) == live
    with pytest.raises(NotFound):
        await stage.orchestrator.runs.wait("nobody", 60)


async def test_a_wait_ends_with_its_time_and_shows_the_run_as_it_is(stage: Stage) -> None:
    run = await stage.start()
    waiting = asyncio.create_task(stage.orchestrator.runs.wait(run.id, 60))
    await stage.clock.advance(60)
    assert (await waiting).status is S.RUNNING


async def some_runs(stage: Stage) -> None:
    for number, (status, origin) in enumerate(
        [(S.SUCCEEDED, Origin.API), (S.FAILED, Origin.CLI), (S.SUCCEEDED, Origin.CLI), (S.RUNNING, Origin.API)]
    ):
        await stage.orchestrator.database.runs.insert(
            a_run(
                id=str(number),
                status=status,
                user_id=stage.user.id,
                actor_id=stage.user.id,
                started_at=START + number * 1000,
                meta=Meta(origin=origin),
            )
        )


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (RunFilter(), "0123"),
        (RunFilter(statuses=("SUCCEEDED",)), "02"),
        (RunFilter(statuses=("FAILED", "RUNNING")), "13"),
        (RunFilter(statuses=("NONSENSE",)), ""),
        (RunFilter(origin="CLI"), "12"),
        (RunFilter(statuses=("SUCCEEDED",), origin="CLI"), "2"),
        (RunFilter(started_after=START + 1000), "123"),
        (RunFilter(started_before=START + 1000), "01"),
        (RunFilter(started_after=START + 1000, started_before=START + 2000), "12"),
    ],
)
async def test_a_list_is_narrowed_to_what_fits(stage: Stage, wanted: RunFilter, ids: str) -> None:
    await some_runs(stage)
    page = stage.orchestrator.runs.page(stage.user, None, wanted, Paging(offset=0, limit=10))
    assert "".join(run.id for run in page.items) == ids
    assert page.total == len(ids)


@pytest.mark.parametrize(
    ("wanted", "id"),
    [
        (RunFilter(), "3"),
        (RunFilter(statuses=("SUCCEEDED",)), "2"),
        (RunFilter(statuses=("SUCCEEDED",), origin="API"), "0"),
        (RunFilter(origin="CLI"), "2"),
    ],
)
async def test_the_last_run_is_the_newest_that_fits(stage: Stage, wanted: RunFilter, id: str) -> None:
    actor = await stage.an_actor()
    await some_runs(stage)
    fake = replace(actor, id=stage.user.id)
    assert stage.orchestrator.runs.last(stage.user, fake, wanted).id == id
    with pytest.raises(NotFound):
        stage.orchestrator.runs.last(stage.user, fake, RunFilter(statuses=("ABORTED",)))
    with pytest.raises(NotFound):
        stage.orchestrator.runs.last(stage.user, actor, wanted)


# Deleting


async def test_a_live_run_is_not_deleted(stage: Stage) -> None:
    run = await stage.start()
    with pytest.raises(Invalid) as problem:
        await stage.orchestrator.run_deletion.delete(run)
    assert problem.value.slug == "cannot-remove-running-run"


async def test_an_ended_run_goes_with_its_storages_and_its_log(stage: Stage) -> None:
    run = await stage.ended(await stage.start(input=Input(body=b"1", content_type="text/plain")))
    assert await stage.log_of(run.id)
    await stage.orchestrator.run_deletion.delete(run)
    with pytest.raises(NotFound):
        stage.now(run)
    assert stage.orchestrator.datasets.get(run.default_dataset_id) is None
    assert stage.orchestrator.key_value_stores.get(run.default_key_value_store_id) is None
    assert stage.orchestrator.request_queues.get(run.default_request_queue_id) is None
    assert await stage.log_of(run.id) == []


async def test_a_run_that_rose_meanwhile_is_not_deleted(stage: Stage) -> None:
    ended = await stage.ended(await stage.start())
    await stage.orchestrator.resurrection.resurrect(ended, StartOptions())
    with pytest.raises(Invalid):
        await stage.orchestrator.run_deletion.delete(ended)
    assert stage.orchestrator.datasets.get(ended.default_dataset_id) is not None
    assert stage.now(ended).status is S.RUNNING


async def test_the_end_of_a_run_that_is_deleted_at_once_is_told(stage: Stage, receiver: Receiver) -> None:
    wanted = WebhookDraft(event_types=(WebhookEvent.RUN_SUCCEEDED,), request_url=receiver.url())
    run = await stage.start(webhooks=(wanted,))
    stage.container_of(run).exits(0)
    await stage.orchestrator.runs.wait(run.id, 60)
    await stage.orchestrator.run_deletion.delete(run)
    await stage.clock.settle()
    assert receiver.events == ["ACTOR.RUN.SUCCEEDED"]


async def test_what_a_server_left_that_died_as_it_made_or_deleted_a_run_goes_at_the_next_start(
    stage: Stage, receiver: Receiver
) -> None:
    wanted = WebhookDraft(event_types=(WebhookEvent.RUN_ABORTED,), request_url=receiver.url())
    big = Input(body=b"x" * 2 * MAX_BYTES_IN_DATABASE, content_type="text/plain")
    lost, kept = [await stage.ended(await stage.start(input=big, webhooks=(wanted,))) for _ in range(2)]
    named = await stage.ended(await stage.start())
    await stage.orchestrator.datasets.update(named.default_dataset_id, {"name": "kept"})
    for run in (lost, named):
        await stage.orchestrator.database.runs.delete(run.id)
    await stage.close()
    await stage.open()
    orchestrator = stage.orchestrator
    for run, is_there in ((lost, False), (kept, True)):
        assert (orchestrator.datasets.get(run.default_dataset_id) is not None) == is_there
        assert (orchestrator.key_value_stores.get(run.default_key_value_store_id) is not None) == is_there
        assert (orchestrator.request_queues.get(run.default_request_queue_id) is not None) == is_there
        assert bool(orchestrator.webhooks.ad_hoc_of_run(run)) == is_there
        assert bool(await stage.log_of(run.id)) == is_there
    assert orchestrator.datasets.get(named.default_dataset_id) is not None
    assert len(list((stage.settings.data_dir / "values").iterdir())) == 1


@pytest.mark.parametrize("deletes_first", [True, False])
async def test_a_start_that_races_the_deletion_of_its_actor_leaves_no_run_without_a_supervisor(
    stage: Stage, deletes_first: bool
) -> None:
    actor = await stage.an_actor()
    runs, user = stage.orchestrator.runs, stage.user
    request = StartRequest(user=user, actor=actor, input=None, options=StartOptions(), meta=META)
    start = stage.orchestrator.starting.start(request)
    delete = stage.orchestrator.actor_deletion.delete(actor)
    await asyncio.gather(*((delete, start) if deletes_first else (start, delete)), return_exceptions=True)
    await stage.clock.settle()
    left = runs.unfinished()
    assert len(left) == len(stage.orchestrator.supervisors.live_run_ids)
    assert left == [] if deletes_first else stage.orchestrator.actors.get(actor.id).total_runs == 1
