from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid, LimitReached, NotFound
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Actor, Build, BuildOptions, EnvVar, SourceFile, Version
from runtime.builds import builds
from runtime.containers import STAND_IN_LABEL, Image
from tests.fakes.receiver import Receiver
from tests.fakes.records import a_version
from tests.fakes.stage import META, Stage

S = JobStatus
DOCKERFILE = SourceFile(name="Dockerfile", content="FROM scratch")


async def version_of(stage: Stage, *files: SourceFile, **fields: Any) -> tuple[Actor, Version]:
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = a_version(source_files=(DOCKERFILE, *files), **fields)
    return actor, await stage.orchestrator.versions.create(actor, version)


async def start(stage: Stage, actor: Actor, version: Version, tag: str = "latest", **options: Any) -> Build:
    return await stage.orchestrator.builds.start(stage.user, actor, version, BuildOptions(tag=tag, **options), META)


async def ended(stage: Stage, build: Build) -> Build:
    return await stage.orchestrator.builds.wait(build.id, 60)


async def built(stage: Stage, *files: SourceFile, **fields: Any) -> Build:
    return await ended(stage, await start(stage, *await version_of(stage, *files, **fields)))


def actor_json(**fields: Any) -> SourceFile:
    definition = {"actorSpecification": 1, "name": "x", "version": "0.0", **fields}
    return SourceFile(name=".actor/actor.json", content=json.dumps(definition))


async def test_a_build_succeeds_with_an_image_and_moves_its_tag(stage: Stage) -> None:
    actor, version = await version_of(stage)
    build = await ended(stage, await start(stage, actor, version, tag="beta"))
    assert (build.status, build.number, build.number_int) == (S.SUCCEEDED, "0.0.1", 1)
    assert build.image in stage.engine.images_by_name
    assert build.finished_at == stage.clock.now()
    tags = stage.orchestrator.actors.get(actor.id).tagged_builds
    assert {tag: tagged.build_number for tag, tagged in tags.items()} == {"beta": "0.0.1"}
    assert stage.orchestrator.builds.resolve(stage.orchestrator.actors.get(actor.id), "beta") == build


async def test_a_new_build_takes_the_tag_over_and_the_old_one_keeps_its_number(stage: Stage) -> None:
    actor, version = await version_of(stage)
    first = await ended(stage, await start(stage, actor, version))
    second = await ended(stage, await start(stage, actor, version))
    now = stage.orchestrator.actors.get(actor.id)
    assert stage.orchestrator.builds.resolve(now, "latest").id == second.id
    assert stage.orchestrator.builds.resolve(now, "0.0.1").id == first.id
    assert now.total_builds == 2


async def test_the_log_of_a_build_has_the_engines_words_between_our_own(stage: Stage) -> None:
    stage.engine.build_lines = ["Step 1/2 : FROM scratch", " ---> abc"]
    log = await stage.log_of((await built(stage)).id)
    assert log[0] == "ACTOR: Found Dockerfile at ./Dockerfile"
    assert log[-3:] == ["Step 1/2 : FROM scratch", " ---> abc", "ACTOR: Build finished."]


async def test_an_expression_that_is_none_is_told_and_no_reason_to_fail(stage: Stage) -> None:
    definition = {"actorSpecification": 1, "name": "x", "version": "0.0", "defaultMemoryMbytes": "5 +"}
    build = await built(stage, SourceFile(name=".actor/actor.json", content=json.dumps(definition)))
    assert build.status is S.SUCCEEDED
    assert "defaultMemoryMbytes in .actor/actor.json is no expression" in (await stage.log_of(build.id))[0]


async def test_who_waits_for_a_build_finds_the_tag_moved_and_the_log_complete(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    actor, version = await version_of(stage)
    build = await start(stage, actor, version)
    waiting = asyncio.create_task(stage.orchestrator.builds.wait(build.id, 60))
    await asyncio.sleep(0)
    stage.engine.build_may_end.set()
    assert (await waiting).status is S.SUCCEEDED
    assert "latest" in stage.orchestrator.actors.get(actor.id).tagged_builds
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


async def test_a_failed_build_says_why_and_moves_no_tag(stage: Stage) -> None:
    stage.engine.build_error = "The command 'false' returned a non-zero code: 1"
    build = await built(stage)
    assert (build.status, build.image) == (S.FAILED, None)
    assert build.status_message == f"Build failed: {stage.engine.build_error}"
    assert stage.engine.build_error in (await stage.log_of(build.id))[-1]
    actor = stage.orchestrator.actors.get(build.actor_id)
    assert actor.tagged_builds == {}
    with pytest.raises(Invalid, match="no image to run"):
        stage.orchestrator.builds.resolve(actor, build.number)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([SourceFile(name=".actor/actor.json", content="{")], "actor.json is not valid JSON"),
        ([SourceFile(name=".actor/actor.json", content="[]")], "must hold a JSON object"),
        ([SourceFile(name=".actor/actor.json", format="BASE64", content="/w==")], "actor.json is not valid JSON"),
        ([SourceFile(name="INPUT_SCHEMA.json", content="nope")], "INPUT_SCHEMA.json is not valid JSON"),
        ([actor_json(dockerfile="\0")], "null"),
        ([actor_json(dockerfile=5)], "dockerfile must be string"),
        ([actor_json(dockerfile="../../x")], "outside of the source"),
        ([actor_json(dockerContextDir="../..")], "no folder of the source"),
    ],
)
async def test_a_source_that_cannot_be_built_fails_the_build(stage: Stage, files: list[SourceFile], words: str) -> None:
    build = await built(stage, *files)
    assert build.status is S.FAILED
    assert build.status_message is not None and words in build.status_message


async def test_without_a_dockerfile_it_is_the_default_one_and_the_log_says_so(stage: Stage) -> None:
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = await stage.orchestrator.versions.create(actor, a_version())
    build = await ended(stage, await start(stage, actor, version))
    assert build.status is S.SUCCEEDED
    log = await stage.log_of(build.id)
    assert "no Dockerfile: building with the default one for Node.js (FROM apify/actor-node:24)" in log[0]
    assert "Nor has it a package.json" in log[1]


@pytest.mark.parametrize(
    ("said", "decided", "standby"),
    [
        ("true", None, {"isEnabled": True}),
        ("true", {"idleTimeoutSecs": 9}, {"isEnabled": True, "idleTimeoutSecs": 9}),
        ("true", {"isEnabled": False}, {"isEnabled": False}),
        ("false", None, None),
    ],
)
async def test_a_build_that_uses_standby_enables_it(stage: Stage, said: str, decided: Any, standby: Any) -> None:
    definition = f'{{"actorSpecification": 1, "name": "abc", "version": "0.0", "usesStandbyMode": {said}}}'
    files = (
        SourceFile(name="Dockerfile", content="FROM a"),
        SourceFile(name=".actor/actor.json", content=definition),
    )
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = await stage.orchestrator.versions.create(actor, a_version(source_files=files))
    extra = {} if decided is None else {"actorStandby": decided}
    await stage.orchestrator.database.actors.update(actor.id, lambda now: replace(now, extra=extra))
    assert (await ended(stage, await start(stage, actor, version))).status is S.SUCCEEDED
    assert stage.orchestrator.actors.get(actor.id).extra.get("actorStandby") == standby


async def test_a_fault_of_greenrooms_own_ends_the_build_too(stage: Stage) -> None:
    async def fail(*_: object) -> Image:
        raise RuntimeError("odd")

    stage.engine.build = fail  # type: ignore[method-assign]
    build = await built(stage)
    assert build.status is S.FAILED
    assert build.status_message is not None and "Greenroom failed" in build.status_message


async def test_what_the_engine_is_asked_for(stage: Stage) -> None:
    variables = (EnvVar(name="A", value="1"), EnvVar(name="B", value="2"))
    plain = await built(stage, env_vars=variables)
    spec = stage.engine.builds[-1]
    assert (spec.dockerfile, spec.use_cache, spec.build_args) == ("Dockerfile", True, {})
    assert (spec.buildkit, spec.platform) == (False, None)
    assert spec.tag.startswith("greenroom-") and spec.tag.endswith(f":{plain.id}")
    assert spec.memory_bytes == 4096 * 1024**2
    await built(stage, env_vars=variables, apply_env_vars_to_build=True)
    assert stage.engine.builds[-1].build_args == {"A": "1", "B": "2"}


async def test_secret_variables_do_not_get_into_the_builds_log(stage: Stage) -> None:
    stage.engine.build_lines = ["RUN echo hunter2"]
    build = await built(stage, env_vars=(EnvVar(name="A", value="hunter2", is_secret=True),))
    assert "RUN echo [REDACTED]" in await stage.log_of(build.id)


async def test_a_secret_that_became_a_variable_of_the_image_is_not_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_image = stage.engine.build

    async def with_variables(*given: Any) -> Image:
        environment = {"TOKEN": "hunter2", "ACTOR_WEB_SERVER_PORT": "8080"}
        return replace(await build_image(*given), environment=environment)

    monkeypatch.setattr(stage.engine, "build", with_variables)
    assert (await built(stage)).image_environment == {"ACTOR_WEB_SERVER_PORT": "8080"}


async def test_a_secret_without_a_value_hides_nothing(stage: Stage) -> None:
    build = await built(stage, env_vars=(EnvVar(name="A", value="", is_secret=True),))
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


async def test_the_definition_of_the_actor_is_kept_with_the_build(stage: Stage) -> None:
    definition = {
        "actorSpecification": 1,
        "name": "x",
        "version": "0.0",
        "input": "./input.json",
        "readme": "./ABOUT.md",
    }
    schema = {"title": "Input", "type": "object", "schemaVersion": 1, "properties": {}}
    build = await built(
        stage,
        SourceFile(name=".actor/actor.json", content=json.dumps(definition)),
        SourceFile(name=".actor/input.json", content=json.dumps(schema)),
        SourceFile(name=".actor/ABOUT.md", content="# About"),
    )
    assert build.definition == definition
    assert build.input_schema == schema
    assert build.readme == "# About"


async def test_a_build_on_a_stand_in_image_says_so(stage: Stage) -> None:
    build_image = stage.engine.build

    async def on_stand_in(*given: Any) -> Image:
        await build_image(*given)
        return stage.engine.add_image("x", {STAND_IN_LABEL: "Debian's Python"})

    stage.engine.build = on_stand_in  # type: ignore[method-assign]
    build = await built(stage)
    assert build.stand_in == "Debian's Python"
    assert any("stand-in" in line and "Debian's Python" in line for line in await stage.log_of(build.id))


async def test_a_build_counts_4096_megabytes_of_the_users_memory(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    actor, version = await version_of(stage)
    for _ in range(4):
        await start(stage, actor, version)
    with pytest.raises(LimitReached):
        await start(stage, actor, version)
    assert len(stage.orchestrator.database.builds.all()) == 4


async def test_a_live_build_is_aborted_and_an_ended_one_stays(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    build = await start(stage, *await version_of(stage))
    await stage.clock.settle()
    aborted = await stage.orchestrator.builds.abort(build)
    assert (aborted.status, aborted.status_message) == (S.ABORTED, "The build was aborted.")
    assert await stage.orchestrator.builds.abort(aborted) == aborted


@pytest.mark.parametrize("turns", range(0, 60, 4))
async def test_an_abort_at_any_moment_of_a_builds_life_ends_it(stage: Stage, turns: int) -> None:
    stage.engine.build_may_end.clear()
    build = await start(stage, *await version_of(stage))
    await stage.clock.settle()
    stage.engine.build_may_end.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    build = await stage.orchestrator.builds.abort(build)
    has_tag = "latest" in stage.orchestrator.actors.get(build.actor_id).tagged_builds
    assert (build.status, build.image is not None, has_tag) in [(S.ABORTED, False, False), (S.SUCCEEDED, True, True)]


async def test_a_build_that_has_its_image_can_no_longer_be_aborted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    actors, aborts = stage.orchestrator.actors, list[asyncio.Task[Build]]()
    tag = actors.tag_build

    async def aborted_meanwhile(build: Build, finished_at: int) -> None:
        aborts.append(asyncio.create_task(stage.orchestrator.builds.abort(build)))
        await stage.clock.settle()
        await tag(build, finished_at)

    monkeypatch.setattr(actors, "tag_build", aborted_meanwhile)
    build = await built(stage)
    assert (build.status, (await aborts[0]).status) == (S.SUCCEEDED, S.SUCCEEDED)
    assert actors.get(build.actor_id).tagged_builds["latest"].build_id == build.id


async def test_an_abort_at_once_ends_the_build_as_well(stage: Stage) -> None:
    build = await start(stage, *await version_of(stage))
    assert (await stage.orchestrator.builds.abort(build)).status is S.ABORTED


async def test_a_build_that_the_server_cut_off_has_failed_and_says_so(stage: Stage) -> None:
    stage.engine.build_may_end.clear()
    build = await start(stage, *await version_of(stage))
    await stage.clock.settle()
    await stage.close()
    await stage.open()
    now = stage.orchestrator.builds.get(build.id)
    assert (now.status, now.status_message) == (S.FAILED, builds.CUT_OFF)


@pytest.mark.parametrize("status", [S.READY, S.RUNNING, S.ABORTING, S.TIMING_OUT])
async def test_a_build_that_a_crash_cut_off_is_ended_by_the_next_server(stage: Stage, status: JobStatus) -> None:
    build = await built(stage)

    def cut_off(connection: Any) -> None:
        unfinished = "json_set(body, '$.status', ?, '$.finished_at', null, '$.image', null)"
        connection.execute(f"UPDATE builds SET body = {unfinished} WHERE id = ?", (str(status), build.id))

    await stage.orchestrator.database.connection.write(cut_off)
    await stage.close()
    await stage.open()
    ends = {S.ABORTING: S.ABORTED, S.TIMING_OUT: S.TIMED_OUT}
    assert stage.orchestrator.builds.get(build.id).status is ends.get(status, S.FAILED)
    assert builds.CUT_OFF in (await stage.log_of(build.id))[-1]


@pytest.mark.parametrize("is_tagged", [True, False])
async def test_a_build_that_was_cut_off_with_its_image_there_has_succeeded(stage: Stage, is_tagged: bool) -> None:
    build = await built(stage)

    def cut_off(connection: Any) -> None:
        unfinished = "UPDATE builds SET body = json_set(body, '$.status', 'RUNNING', '$.finished_at', null)"
        connection.execute(unfinished)
        if not is_tagged:
            connection.execute("UPDATE actors SET body = json_set(body, '$.tagged_builds', json('{}'))")

    await stage.orchestrator.database.connection.write(cut_off)
    await stage.close()
    await stage.open()
    assert stage.orchestrator.builds.get(build.id).status is S.SUCCEEDED
    assert stage.orchestrator.actors.get(build.actor_id).tagged_builds["latest"].build_id == build.id
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


async def test_a_build_is_deleted_with_its_image_and_log_once_nothing_needs_it(stage: Stage) -> None:
    actor, version = await version_of(stage)
    first = await ended(stage, await start(stage, actor, version))
    run = await stage.start(stage.orchestrator.actors.get(actor.id))
    with pytest.raises(Invalid):  # a live run stands on it
        await stage.orchestrator.builds.delete(first)
    await ended(stage, await start(stage, actor, version, use_cache=False))
    with pytest.raises(Invalid, match="live runs"):
        await stage.orchestrator.builds.delete(first)
    await stage.ended(run)
    await stage.orchestrator.builds.delete(first)
    with pytest.raises(NotFound):
        stage.orchestrator.builds.get(first.id)
    assert await stage.log_of(first.id) == []
    assert first.image not in stage.engine.images_by_name


async def test_a_tagged_or_live_build_is_not_deleted(stage: Stage) -> None:
    actor, version = await version_of(stage)
    tagged = await ended(stage, await start(stage, actor, version))
    with pytest.raises(Invalid) as problem:
        await stage.orchestrator.builds.delete(tagged)
    assert problem.value.slug == "deleting-default-build"
    stage.engine.build_may_end.clear()
    live = await start(stage, actor, version)
    with pytest.raises(Invalid) as problem:
        await stage.orchestrator.builds.delete(live)
    assert problem.value.slug == "deleting-unfinished-build"


@pytest.mark.parametrize(
    ("version", "build", "number"),
    [("0.0", 1, 1), ("0.1", 0, 100_000), ("1.2", 345, 10_200_345), ("99.99", 1, 999_900_001)],
)
def test_a_build_number_as_one_integer(version: str, build: int, number: int) -> None:
    assert builds.number_int(version, build) == number


async def test_images_of_builds_that_are_no_more_are_removed_at_the_next_start(stage: Stage) -> None:
    kept = await built(stage)
    [name] = (name for name in stage.engine.images_by_name if name.endswith(f":{kept.id}"))
    orphan = stage.engine.add_image(name.replace(kept.id, "gone"))
    foreign = stage.engine.add_image("not-a-build:gone")
    await stage.close()
    await stage.open()
    assert orphan.id not in stage.engine.images_by_name
    assert {kept.image, foreign.id} <= set(stage.engine.images_by_name)


# Unchanged sources.


async def built_twice(stage: Stage, first: Version, **options: Any) -> tuple[Build, Build]:
    actor = stage.orchestrator.actors.get(first.actor_id)
    one = await ended(stage, await start(stage, actor, first))
    return one, await ended(stage, await start(stage, actor, first, **options))


async def test_an_unchanged_source_gets_the_same_image_without_the_engine(stage: Stage) -> None:
    _, version = await version_of(stage)
    first, second = await built_twice(stage, version)
    assert (second.number, second.image, len(stage.engine.builds)) == ("0.0.2", first.image, 1)
    assert second.image_size_bytes == first.image_size_bytes
    assert stage.orchestrator.actors.get(version.actor_id).tagged_builds["latest"].build_id == second.id
    log = await stage.log_of(second.id)
    assert "ACTOR: Nothing changed since build 0.0.1: its image is used again." in log


async def test_without_the_cache_the_engine_builds_again(stage: Stage) -> None:
    _, version = await version_of(stage)
    first, second = await built_twice(stage, version, use_cache=False)
    assert first.image != second.image
    assert [spec.use_cache for spec in stage.engine.builds] == [True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"source_files": (DOCKERFILE, SourceFile(name="new"))},
        {"source_files": (SourceFile(name="Dockerfile", content="FROM scratch\nENV A=1"),)},
        {"env_vars": (EnvVar(name="A", value="2"),), "apply_env_vars_to_build": True},
    ],
)
async def test_what_changed_is_built_again(stage: Stage, change: dict[str, Any]) -> None:
    actor, version = await version_of(stage, env_vars=(EnvVar(name="A", value="1"),))
    first = await ended(stage, await start(stage, actor, version))
    changed = await stage.orchestrator.versions.put(actor, replace(version, **change))
    second = await ended(stage, await start(stage, actor, changed))
    assert first.image != second.image


async def test_another_base_image_of_the_same_name_means_another_image(stage: Stage) -> None:
    base = SourceFile(name="Dockerfile", content="FROM base")
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = await stage.orchestrator.versions.create(actor, a_version(source_files=(base,)))
    stage.engine.add_image("base")
    first, second = await built_twice(stage, version)
    assert first.image == second.image
    stage.engine.add_image("base")
    third = await ended(stage, await start(stage, actor, version))
    assert third.image != first.image


async def test_an_image_that_is_gone_is_built_again(stage: Stage) -> None:
    actor, version = await version_of(stage)
    first = await ended(stage, await start(stage, actor, version))
    stage.engine.images_by_name.clear()
    second = await ended(stage, await start(stage, actor, version))
    assert second.image in stage.engine.images_by_name
    assert second.image != first.image


async def test_the_image_of_two_builds_goes_with_the_last_of_them(stage: Stage) -> None:
    _, version = await version_of(stage)
    first, second = await built_twice(stage, version)
    await stage.orchestrator.builds.delete(first)
    assert second.image in stage.engine.images_by_name
    await stage.close()
    await stage.open()
    assert second.image in stage.engine.images_by_name  # though its label names a build that is no more
    await stage.orchestrator.builds.forget(second)
    assert second.image not in stage.engine.images_by_name


# What the engine offers.


async def test_a_base_image_of_another_architecture_is_emulated(stage: Stage) -> None:
    stage.engine.only_platform = "linux/amd64"
    build = await built(stage)
    assert build.status is S.SUCCEEDED
    assert [spec.platform for spec in stage.engine.builds] == [None, "linux/amd64"]
    log = await stage.log_of(build.id)
    assert any("Building for linux/amd64 instead" in line for line in log)


async def test_a_base_image_of_no_architecture_fails_after_two_tries(stage: Stage) -> None:
    stage.engine.only_platform = "plan9/mips"
    build = await built(stage)
    assert build.status is S.FAILED
    assert len(stage.engine.builds) == 2


async def test_a_dockerfile_that_needs_buildkit_gets_it(stage: Stage) -> None:
    dockerfile = SourceFile(name="Dockerfile", content="FROM a\nRUN --mount=type=cache,target=/x true")
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = await stage.orchestrator.versions.create(actor, a_version(source_files=(dockerfile,)))
    await ended(stage, await start(stage, actor, version))
    spec = stage.engine.builds[-1]
    assert (spec.buildkit, spec.images, spec.secrets) == (True, ["a"], None)


@pytest.mark.parametrize("applied", [True, False])
async def test_a_dockerfile_that_mounts_a_secret_gets_the_versions_variables(stage: Stage, applied: bool) -> None:
    dockerfile = SourceFile(name="Dockerfile", content="FROM a\nRUN --mount=type=secret,id=TOKEN true")
    token = EnvVar(name="TOKEN", value="x", is_secret=True)
    given = a_version(source_files=(dockerfile,), env_vars=(token,), apply_env_vars_to_build=applied)
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = await stage.orchestrator.versions.create(actor, given)
    build = await ended(stage, await start(stage, actor, version))
    assert stage.engine.builds[-1].secrets == ({"TOKEN": "x"} if applied else {})
    warned = "mounts the secret 'TOKEN', which is none: it can be a variable of the version, which needs applyEnv"
    assert any(warned in line for line in await stage.log_of(build.id)) is not applied


# Numbers, ends and leftovers.


async def test_ten_builds_at_once_have_ten_numbers(stage_with_room: Stage) -> None:
    stage = stage_with_room
    actor, version = await version_of(stage)
    builds = await asyncio.gather(*(start(stage, actor, version) for _ in range(10)))
    assert sorted(build.number_int for build in builds) == list(range(1, 11))
    ends = [await ended(stage, build) for build in builds]
    assert {build.status for build in ends} == {S.SUCCEEDED}


async def test_a_build_that_takes_too_long_is_timed_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert builds.BUILD_TIMEOUT_SECS == 1800
    monkeypatch.setattr(builds, "BUILD_TIMEOUT_SECS", 0)
    stage.engine.build_may_end.clear()
    build = await built(stage)
    assert (build.status, build.status_message) == (S.TIMED_OUT, builds.TOO_SLOW)


@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_nothing_of_a_build_is_left_behind(stage: Stage, turns: int) -> None:
    stage.engine.build_may_end.clear()
    build = await start(stage, *await version_of(stage, *(SourceFile(name=f"f{n}") for n in range(50))))
    for _ in range(turns):
        await asyncio.sleep(0)
    await stage.orchestrator.builds.abort(build)
    assert list((stage.settings.data_dir / "sources").iterdir()) == []


async def test_an_abort_ends_a_download_and_leaves_nothing(stage: Stage, receiver: Receiver) -> None:
    receiver.fall_silent()
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    elsewhere = a_version(source_type="TARBALL", tarball_url=receiver.url("/a.zip"))
    build = await start(stage, actor, await stage.orchestrator.versions.create(actor, elsewhere))
    while not receiver.received:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    aborted = await stage.orchestrator.builds.abort(build)
    assert aborted.status is S.ABORTED
    assert list((stage.settings.data_dir / "sources").iterdir()) == []
    assert stage.engine.builds == []
    receiver.answer()


async def test_an_archive_that_is_refused_fails_the_build_and_leaves_nothing(stage: Stage, receiver: Receiver) -> None:
    receiver.body = b"PK\x03\x04 but no more"
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    elsewhere = a_version(source_type="TARBALL", tarball_url=receiver.url("/a.zip"))
    version = await stage.orchestrator.versions.create(actor, elsewhere)
    build = await ended(stage, await start(stage, actor, version))
    assert build.status is S.FAILED
    assert build.status_message == "Build failed: The archive cannot be unpacked: File is not a zip file"
    assert list((stage.settings.data_dir / "sources").iterdir()) == []


@pytest.fixture
async def stage_with_room(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, max_memory_mbytes=65_536)
    await stage.open()
    yield stage
    await stage.close()
