"""The life of a build: its start, its end, and what interrupts it."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Build, SourceFile
from runtime.builds import builds, live_builds
from runtime.containers import Image
from runtime.jobs.resource_limits import BUILD_TIMEOUT_SECS
from tests.fakes.builds import actor_json, an_actor_with_version, build, built, finished, start_build
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage

S = JobStatus


@pytest.fixture
async def stage_for_ten_builds(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage with enough memory for ten concurrent builds."""
    stage = Stage(tmp_path, max_memory_mbytes=65_536)
    await stage.open()
    yield stage
    await stage.close()


async def test_a_build_succeeds_with_an_image_and_moves_its_tag(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    build = await finished(stage, await start_build(stage, actor, version, tag="beta"))
    assert (build.status, build.number, build.number_int) == (S.SUCCEEDED, "0.0.1", 1)
    assert build.image in stage.engine.images_by_name
    assert build.finished_at == stage.clock.now()
    tags = stage.orchestrator.actors.get(actor.id).tagged_builds
    assert {tag: tagged.build_number for tag, tagged in tags.items()} == {"beta": "0.0.1"}
    assert stage.orchestrator.builds.resolve(stage.orchestrator.actors.get(actor.id), "beta") == build


async def test_a_client_that_waits_for_a_build_finds_its_tag_and_its_complete_log(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    actor, version = await an_actor_with_version(stage)
    build = await start_build(stage, actor, version)
    waiting = asyncio.create_task(stage.orchestrator.builds.wait(build.id, 60))
    await asyncio.sleep(0)
    stage.engine.build_may_end.set()
    assert (await waiting).status is S.SUCCEEDED
    assert "latest" in stage.orchestrator.actors.get(actor.id).tagged_builds
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


async def test_a_failed_build_has_a_reason_and_moves_no_tag(stage: Stage) -> None:
    stage.engine.build_error = "The command 'false' returned a non-zero code: 1"
    build = await built(stage)
    assert (build.status, build.image) == (S.FAILED, None)
    assert build.status_message == f"Build failed: {stage.engine.build_error}"
    assert stage.engine.build_error in (await stage.log_of(build.id))[-1]
    assert stage.orchestrator.actors.get(build.actor_id).tagged_builds == {}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([SourceFile(name=".actor/actor.json", content="{")], "actor.json is not valid JSON"),
        ([SourceFile(name=".actor/actor.json", content="[]")], "must contain a JSON object"),
        ([SourceFile(name=".actor/actor.json", format="BASE64", content="/w==")], "actor.json is not valid JSON"),
        ([SourceFile(name="INPUT_SCHEMA.json", content="nope")], "INPUT_SCHEMA.json is not valid JSON"),
        ([actor_json(dockerfile="\0")], "dockerfile must be the path of a file"),
        ([actor_json(dockerfile=5)], "dockerfile must be string"),
        ([actor_json(dockerfile="../../x")], "outside of the source"),
        ([actor_json(dockerContextDir="../..")], "not a folder of the source"),
    ],
)
async def test_a_source_that_cannot_be_built_fails_the_build(
    stage: Stage, files: list[SourceFile], message: str
) -> None:
    build = await built(stage, *files)
    assert build.status is S.FAILED
    assert build.status_message is not None and message in build.status_message


async def test_an_error_in_greenroom_fails_the_build(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> Image:
        raise RuntimeError("odd")

    monkeypatch.setattr(stage.engine, "build", fail)
    build = await built(stage)
    assert build.status is S.FAILED
    assert build.status_message is not None and "Greenroom failed" in build.status_message


@pytest.mark.parametrize(
    ("declared", "setting", "standby"),
    [
        (True, None, {"isEnabled": True}),
        (True, {"idleTimeoutSecs": 9}, {"isEnabled": True, "idleTimeoutSecs": 9}),
        (True, {"isEnabled": False}, {"isEnabled": False}),
        (False, None, None),
    ],
)
async def test_a_build_that_uses_standby_mode_enables_it(
    stage: Stage, declared: bool, setting: Any, standby: Any
) -> None:
    actor, version = await an_actor_with_version(stage, actor_json(usesStandbyMode=declared))
    extra = {} if setting is None else {"actorStandby": setting}
    await stage.orchestrator.database.actors.update(actor.id, lambda now: replace(now, extra=extra))
    assert (await build(stage, actor, version)).status is S.SUCCEEDED
    assert stage.orchestrator.actors.get(actor.id).extra.get("actorStandby") == standby


async def test_a_build_counts_4096_megabytes_of_the_users_memory(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    actor, version = await an_actor_with_version(stage)
    for _ in range(4):
        await start_build(stage, actor, version)
    with pytest.raises(LimitReached):
        await start_build(stage, actor, version)
    assert len(stage.orchestrator.database.builds.all()) == 4


async def test_ten_concurrent_builds_have_ten_numbers(stage_for_ten_builds: Stage) -> None:
    stage = stage_for_ten_builds
    actor, version = await an_actor_with_version(stage)
    builds = await asyncio.gather(*(start_build(stage, actor, version) for _ in range(10)))
    assert sorted(build.number_int for build in builds) == list(range(1, 11))
    ends = [await finished(stage, build) for build in builds]
    assert {build.status for build in ends} == {S.SUCCEEDED}


async def test_a_build_that_takes_too_long_is_timed_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BUILD_TIMEOUT_SECS == 1800
    monkeypatch.setattr(live_builds, "BUILD_TIMEOUT_SECS", 0)
    stage.engine.build_may_end.clear()
    build = await built(stage)
    assert (build.status, build.status_message) == (S.TIMED_OUT, builds.TIMED_OUT)


# Aborts.


async def test_a_live_build_is_aborted_and_a_finished_one_does_not_change(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    build = await start_build(stage, *await an_actor_with_version(stage))
    await stage.clock.settle()
    aborted = await stage.orchestrator.live_builds.abort(build)
    assert (aborted.status, aborted.status_message) == (S.ABORTED, "The build was aborted.")
    assert await stage.orchestrator.live_builds.abort(aborted) == aborted


@pytest.mark.parametrize("turns", range(0, 60, 4))
async def test_an_abort_at_any_moment_of_a_builds_life_ends_it(stage: Stage, turns: int) -> None:
    stage.engine.build_may_end.clear()
    build = await start_build(stage, *await an_actor_with_version(stage))
    await stage.clock.settle()
    stage.engine.build_may_end.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    build = await stage.orchestrator.live_builds.abort(build)
    has_tag = "latest" in stage.orchestrator.actors.get(build.actor_id).tagged_builds
    assert (build.status, build.image is not None, has_tag) in [(S.ABORTED, False, False), (S.SUCCEEDED, True, True)]


async def test_a_build_that_has_its_image_can_no_longer_be_aborted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    actors, aborts = stage.orchestrator.actors, list[asyncio.Task[Build]]()
    tag_build = actors.tag_build

    async def tag_during_abort(build: Build, finished_at: int) -> None:
        aborts.append(asyncio.create_task(stage.orchestrator.live_builds.abort(build)))
        await stage.clock.settle()
        await tag_build(build, finished_at)

    monkeypatch.setattr(actors, "tag_build", tag_during_abort)
    build = await built(stage)
    assert (build.status, (await aborts[0]).status) == (S.SUCCEEDED, S.SUCCEEDED)
    assert actors.get(build.actor_id).tagged_builds["latest"].build_id == build.id


async def test_an_abort_right_after_the_start_ends_the_build(stage: Stage) -> None:
    build = await start_build(stage, *await an_actor_with_version(stage))
    assert (await stage.orchestrator.live_builds.abort(build)).status is S.ABORTED


# Restarts of the server.


async def test_a_build_that_a_shutdown_interrupts_fails_with_a_reason(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    build = await start_build(stage, *await an_actor_with_version(stage))
    await stage.clock.settle()
    await stage.close()
    await stage.open()
    now = stage.orchestrator.builds.get(build.id)
    assert (now.status, now.status_message) == (S.FAILED, builds.INTERRUPTED)


@pytest.mark.parametrize("status", [S.READY, S.RUNNING, S.ABORTING, S.TIMING_OUT])
async def test_a_build_that_a_crash_interrupted_is_ended_by_the_next_server(stage: Stage, status: JobStatus) -> None:
    build = await built(stage)

    def interrupt(connection: Any) -> None:
        unfinished = "json_set(body, '$.status', ?, '$.finished_at', null, '$.image', null)"
        connection.execute(f"UPDATE builds SET body = {unfinished} WHERE id = ?", (str(status), build.id))

    await stage.orchestrator.database.connection.write(interrupt)
    await stage.close()
    await stage.open()
    ends = {S.ABORTING: S.ABORTED, S.TIMING_OUT: S.TIMED_OUT}
    assert stage.orchestrator.builds.get(build.id).status is ends.get(status, S.FAILED)
    assert builds.INTERRUPTED in (await stage.log_of(build.id))[-1]


@pytest.mark.parametrize("is_tagged", [True, False])
async def test_a_build_that_was_interrupted_after_its_image_was_stored_succeeds(stage: Stage, is_tagged: bool) -> None:
    build = await built(stage)

    def interrupt(connection: Any) -> None:
        unfinished = "UPDATE builds SET body = json_set(body, '$.status', 'RUNNING', '$.finished_at', null)"
        connection.execute(unfinished)
        if not is_tagged:
            connection.execute("UPDATE actors SET body = json_set(body, '$.tagged_builds', json('{}'))")

    await stage.orchestrator.database.connection.write(interrupt)
    await stage.close()
    await stage.open()
    assert stage.orchestrator.builds.get(build.id).status is S.SUCCEEDED
    assert stage.orchestrator.actors.get(build.actor_id).tagged_builds["latest"].build_id == build.id
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


# Files of live builds.


def files_of_live_builds(stage: Stage) -> list[Path]:
    return list((stage.settings.data_dir / "sources").iterdir())


@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_an_aborted_build_leaves_no_files(stage: Stage, turns: int) -> None:
    stage.engine.build_may_end.clear()
    files = (SourceFile(name=f"f{n}") for n in range(50))
    build = await start_build(stage, *await an_actor_with_version(stage, *files))
    for _ in range(turns):
        await asyncio.sleep(0)
    await stage.orchestrator.live_builds.abort(build)
    assert files_of_live_builds(stage) == []


async def test_an_abort_ends_a_download_and_leaves_no_files(stage: Stage, receiver: Receiver) -> None:
    receiver.stop_responding()
    tarball = {"source_type": "TARBALL", "tarball_url": receiver.url("/a.zip")}
    build = await start_build(stage, *await an_actor_with_version(stage, **tarball))
    while not receiver.received:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    aborted = await stage.orchestrator.live_builds.abort(build)
    assert aborted.status is S.ABORTED
    assert files_of_live_builds(stage) == []
    assert stage.engine.builds == []
    receiver.start_responding()


async def test_an_invalid_archive_fails_the_build_and_leaves_no_files(stage: Stage, receiver: Receiver) -> None:
    receiver.body = b"PK\x03\x04 but no more"
    build = await built(stage, source_type="TARBALL", tarball_url=receiver.url("/a.zip"))
    assert build.status is S.FAILED
    assert build.status_message == "Build failed: The archive cannot be unpacked: File is not a zip file"
    await stage.orchestrator.live_builds.abort(build)  # waits until the ended build has deleted its files
    assert files_of_live_builds(stage) == []


async def test_a_build_ends_before_its_files_are_deleted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy disk, deleting them takes longer than the engine needs for an image."""
    may_delete = threading.Event()
    delete = shutil.rmtree

    def delete_later(folder: Path) -> None:
        may_delete.wait(60)
        delete(folder)

    monkeypatch.setattr(shutil, "rmtree", delete_later)
    build = await built(stage)
    assert build.status is S.SUCCEEDED and files_of_live_builds(stage)
    may_delete.set()
    await stage.orchestrator.live_builds.abort(build)
    assert stage.orchestrator.builds.get(build.id).status is S.SUCCEEDED
    assert files_of_live_builds(stage) == []


async def test_files_that_cannot_be_deleted_change_no_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_folder: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(shutil, "rmtree", fail)
    build = await built(stage)
    await stage.orchestrator.live_builds.abort(build)
    assert stage.orchestrator.builds.get(build.id).status is S.SUCCEEDED
    assert f"The files of build {build.id} could not be deleted" in caplog.text
