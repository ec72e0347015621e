"""Applying the recommendation of a fit: the Actor's default memory, and actor.json in its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runtime.base.records import Actor, FitStatus
from tests.api.routes.test_console import signed_in, signed_in_with_code
from tests.api.routes.test_fits import SIZES, ended, finish_all, record, start, until
from tests.api.routes.test_fits import enough_memory as enough_memory
from tests.fakes.api import CONTROL_TOKEN, Api, problem
from tests.fakes.browser import WRITE_BY_PAGE, cookie_of


async def a_finished_fit(api: Api, **version: Any) -> tuple[Actor, str]:
    actor = await api.create_actor("fitted")
    if version:
        body = {"versionNumber": "0.0", **version}
        await api.data("POST", f"/v2/actors/{actor.id}/versions", json=body, token=CONTROL_TOKEN)
    fit_id = await start(api, actor, sizes=[512])
    await finish_all(api, fit_id)
    return actor, fit_id


async def apply(api: Api, fit_id: str, token: str = "ann", **order: Any) -> Any:
    answer = await api.call("POST", f"/greenroom/fits/{fit_id}/apply", json=order, token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_recommendation_becomes_the_default_of_the_actor_and_its_source(api: Api) -> None:
    file = {"name": ".actor/actor.json", "format": "TEXT", "content": '{\n  "name": "fitted" // ours\n}\n'}
    actor, fit_id = await a_finished_fit(api, sourceType="SOURCE_FILES", sourceFiles=[file])
    preview = await apply(api, fit_id, onlyPreview=True)
    assert (preview["isApplied"], preview["memoryBefore"], preview["memoryMbytes"]) == (False, 1024, 512)
    assert '+  "defaultMemoryMbytes": 512,' in preview["file"]["diff"] and preview["file"]["isWritten"] is False
    assert api.orchestrator.actors.get(actor.id).defaults.memory_mbytes == 1024
    applied = await apply(api, fit_id)
    assert (applied["isApplied"], applied["file"]["diff"]) == (True, preview["file"]["diff"])
    current = api.orchestrator.actors.get(actor.id)
    assert current.defaults.memory_mbytes == 512
    [version] = api.orchestrator.versions.of_actor(current)
    assert version.source_files[0].content.startswith('{\n  "name": "fitted", // ours\n  "defaultMemoryMbytes": 512,')


async def test_only_the_operator_changes_a_local_folder(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "mine/.actor/actor.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"name": "fitted"}')
    actor, fit_id = await a_finished_fit(api, localFolder=str(tmp_path / "mine"))
    shown = await apply(api, fit_id)
    assert (shown["file"]["path"], shown["file"]["isWritten"]) == (str(file), False)
    assert "operator" in shown["file"]["problem"] and "512" in shown["file"]["diff"]
    assert file.read_text() == '{"name": "fitted"}'
    assert api.orchestrator.actors.get(actor.id).defaults.memory_mbytes == 512
    assert (await apply(api, fit_id, token=CONTROL_TOKEN))["file"]["isWritten"] is True
    assert json.loads(file.read_text())["defaultMemoryMbytes"] == 512


async def test_a_file_that_cannot_be_changed_does_not_prevent_the_default(api: Api, tmp_path: Path) -> None:
    actor, fit_id = await a_finished_fit(api, localFolder=str(tmp_path / "gone"))
    shown = await apply(api, fit_id, token=CONTROL_TOKEN)
    assert "does not exist" in shown["file"]["problem"] and shown["isApplied"]
    assert api.orchestrator.actors.get(actor.id).defaults.memory_mbytes == 512


async def test_only_a_proven_size_is_applied(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=SIZES)
    await api.call("POST", f"/greenroom/fits/{fit_id}/stop")
    await until(api, ended(api, fit_id))
    assert record(api, fit_id).status is FitStatus.STOPPED
    answer = await api.call("POST", f"/greenroom/fits/{fit_id}/apply", json={})
    assert problem(answer) == (400, "not-proven")


async def test_a_browser_of_the_operator_writes_nothing_but_the_proven_memory(api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / ".actor").mkdir(parents=True)
    file, other = folder / ".actor/actor.json", folder / "main.py"
    file.write_text('{"name": "fitted", "version": "0.1"}')
    other.write_text("print()")
    _, fit_id = await a_finished_fit(api, localFolder=str(folder))
    path = f"/greenroom/fits/{fit_id}/apply"
    users, operators = await signed_in(api), {**WRITE_BY_PAGE, **cookie_of(await signed_in_with_code(api))}
    order = {"onlyPreview": False}
    for headers, is_written in ((users, False), (operators, True)):
        rejected = await api.call("POST", path, token=None, headers=headers, json={**order, "content": "{}"})
        assert problem(rejected) == (400, "invalid-input")
        shown = (await api.call("POST", path, token=None, headers=headers, json=order)).json()
        assert shown["file"]["isWritten"] is is_written
        assert ("MemoryMbytes" in file.read_text()) is is_written
    changed = json.loads(file.read_text())
    memory = {name: changed.pop(name) for name in list(changed) if name.endswith("MemoryMbytes")}
    assert changed == {"name": "fitted", "version": "0.1"}
    assert memory == {"defaultMemoryMbytes": 512, "minMemoryMbytes": 512, "maxMemoryMbytes": 1024}
    assert sorted(each.name for each in folder.rglob("*")) == [".actor", "actor.json", "main.py"]
    assert other.read_text() == "print()"
