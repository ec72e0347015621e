"""Runs that mount a local folder, or wait for a debugger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.actors.dev_folders import set_dev_folder
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Actor, Run, SourceCopy
from runtime.builds.source_changes import Need
from runtime.runs.options import StartOptions
from testing.live_server import free_port
from tests.fakes.containers import FakeContainer
from tests.fakes.stage import Stage

S = JobStatus
COPIES = (SourceCopy(source=".", target=".", into_folder=True),)


def write(folder: Path, name: str, text: str = "") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


async def an_actor_with_folder(stage: Stage, folder: Path, **image: Any) -> Actor:
    """An Actor with a registered folder that contains one file. `image` are fields of the image of its build."""
    write(folder, "main.py")
    actor = await stage.create_actor(f"dev-{folder.name}")
    build = await stage.create_build(actor, "latest", folder=str(folder), copies=COPIES)
    known = stage.engine.images_by_name[build.image or ""]
    stage.engine.images_by_name[known.id] = replace(known, **{"working_folder": "/app", "start": ["x", "y"], **image})
    return await set_dev_folder(stage.orchestrator.actors, actor, str(folder))


async def launched(stage: Stage, run: Run, count: int = 1) -> FakeContainer:
    """The container of a run. The folder is read in threads, for which the virtual clock does not wait."""
    while len(stage.containers_of(run)) < count:  # noqa: ASYNC110  # the engine has no event for it
        await asyncio.sleep(0.005)
    await stage.clock.settle()
    return stage.container_of(run)


async def test_every_run_of_the_actor_mounts_its_folder_until_it_is_cleared(stage: Stage, tmp_path: Path) -> None:
    actor = await an_actor_with_folder(stage, tmp_path / "a")
    run = await stage.start(actor)
    spec = (await launched(stage, run)).spec
    assert [(each.source, each.target) for each in spec.mounts] == [(str(tmp_path / "a/main.py"), "/app/main.py")]
    assert spec.start is None
    assert f"Greenroom: The files of {tmp_path / 'a'} are mounted over those of the image (read-only)." in (
        await stage.log_of(run.id)
    )
    without = await stage.start(actor, dev_folder=False)
    assert stage.container_of(without).spec.mounts == () and stage.current(without).dev_folder is None
    cleared = await set_dev_folder(stage.orchestrator.actors, actor, None)
    assert (await launched(stage, await stage.start(cleared))).spec.mounts == ()
    assert (await launched(stage, await stage.start(cleared, dev_folder=True))).spec.mounts == spec.mounts


async def test_a_new_container_of_a_run_mounts_the_files_of_that_moment(stage: Stage, tmp_path: Path) -> None:
    run = await stage.start(await an_actor_with_folder(stage, tmp_path / "a"))
    await launched(stage, run)
    (tmp_path / "a/added.py").touch()
    await stage.restart_server()
    await stage.orchestrator.orders.reboot(stage.current(run))
    assert [each.target for each in (await launched(stage, run, 2)).spec.mounts] == ["/app/added.py", "/app/main.py"]


async def test_a_metamorph_mounts_the_folder_of_the_new_actor(stage: Stage, tmp_path: Path) -> None:
    first, second = [await an_actor_with_folder(stage, tmp_path / name) for name in "ab"]
    run = await stage.start(first)
    await launched(stage, run)
    await stage.orchestrator.metamorphs.order(run, second, None, None)
    assert [each.source for each in (await launched(stage, run, 2)).spec.mounts] == [str(tmp_path / "b/main.py")]
    plain = await stage.create_actor("plain")
    await stage.orchestrator.metamorphs.order(stage.current(run), plain, None, None)
    assert (await launched(stage, run, 3)).spec.mounts == ()


async def test_a_folder_that_is_gone_fails_the_run_with_the_reason(stage: Stage, tmp_path: Path) -> None:
    actor = await an_actor_with_folder(stage, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "moved")
    run = await stage.orchestrator.runs.wait((await stage.start(actor)).id, 60)
    assert run.status is S.FAILED and stage.containers_of(run) == []
    assert f"The dev folder {tmp_path / 'a'} cannot be mounted" in (run.status_message or "")
    assert "devFolder=false" in (run.status_message or "")


async def test_typescript_is_compiled_in_the_container_if_the_image_has_the_compiler(
    stage: Stage, tmp_path: Path
) -> None:
    actor = await an_actor_with_folder(stage, tmp_path / "a", start=["npm", "start"])
    build = stage.orchestrator.builds.resolve(actor, "latest")
    for name, text in {"tsconfig.json": "{}", "package.json": '{"scripts": {"build": "tsc"}}', "main.ts": ""}.items():
        (tmp_path / "a" / name).write_text(text)
    changed = [str(tmp_path / "a/main.ts")]
    assert await stage.orchestrator.development.need(build, changed) is Need.REBUILD
    other = await an_actor_with_folder(stage, tmp_path / "a2", start=["npm", "start"])
    for name in ("tsconfig.json", "package.json"):
        (tmp_path / "a2" / name).write_bytes((tmp_path / "a" / name).read_bytes())
    stage.engine.paths_in_images.add("/app/node_modules/typescript")
    assert (await launched(stage, await stage.start(other))).spec.start == [
        *("sh", "-c", 'npm run build && exec "$@"', "greenroom"),
        *("npm", "start"),
    ]


async def test_a_debugged_run_has_a_full_core_after_a_restart_and_no_open_port_after_its_end(
    stage: Stage, tmp_path: Path
) -> None:
    actor = await an_actor_with_folder(stage, tmp_path / "a", start=["python3", "main.py"])
    run = await stage.start(actor, debug_port=free_port(), timeout_secs=60, dev_folder=False)
    container = await launched(stage, run)
    assert container.spec.other_ports == [run.debug_port]
    assert list(container.spec.start or ())[-1] == "main.py"
    assert "ACTOR_TIMEOUT_AT" not in container.spec.environment
    await stage.restart_server(3600)
    await stage.clock.advance(3600)
    assert stage.current(run).status is S.RUNNING
    assert container.cpus == [1.0]
    assert (await stage.finish(run)).status is S.SUCCEEDED
    await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions())
    assert (await launched(stage, run, 2)).spec.other_ports == ()  # only the operator can open the port


async def test_an_image_that_starts_nothing_cannot_be_debugged(stage: Stage, tmp_path: Path) -> None:
    run = await stage.start(await an_actor_with_folder(stage, tmp_path / "a", start=[]), debug_port=free_port())
    assert run.status is S.FAILED and "Add a CMD to its Dockerfile" in (run.status_message or "")
