"""The explanations of runs and builds as the server returns them."""

from __future__ import annotations

from runtime.base.records import KilledProcess, PermissionLevel, Witness
from tests.fakes.api import CONTROL_TOKEN, Api, problem

LIMITED = PermissionLevel.LIMITED
PYTHON = KilledProcess(pid=9, name="python", witness=Witness.PROCESS_LIST)


async def test_an_explanation_as_json(api: Api) -> None:
    run = await api.start(memory_mbytes=256)
    api.container_of(run).prints("Holding 16 MB")
    await api.clock.settle()
    await api.finish(run, 137, oom_killed=True, oom_kills=1, killed=(PYTHON,))
    explained = await api.data("GET", f"/greenroom/runs/{run.id}/explanation")
    sentence = "The kernel killed the process python because the run reached its memory limit of 256 MB."
    [cause] = explained.pop("causes")
    assert explained.pop("lastLines")[-1] == "Holding 16 MB"
    assert explained.pop("facts")[0] == {"source": "exit code", "text": "137, which stands for SIGKILL (128 + 9)"}
    assert explained.pop("command") == cause.pop("command")
    assert explained == {
        "id": run.id,
        "kind": "run",
        "status": "FAILED",
        "isLive": False,
        "exitCode": 137,
        "summary": sentence,
    }
    assert (cause["id"], cause["certainty"], cause["sentence"]) == ("memory-limit", "certain", sentence)
    assert cause["evidence"][1] == {"source": "process list", "text": "killed python (pid 9 of this machine)"}


async def test_a_build_is_explained(api: Api) -> None:
    actor = await api.create_actor()
    build = api.orchestrator.builds.resolve(actor, "latest")
    explained = await api.data("GET", f"/greenroom/builds/{build.id}/explanation")
    assert (explained["kind"], explained["summary"]) == ("build", "The build succeeded.")


async def test_only_the_owner_gets_an_explanation(users: Api) -> None:
    actor = await users.create_actor()
    run = await users.start(actor)
    for path in (f"runs/{run.id}", f"builds/{run.build_id}", "runs/of-nobody", "builds/of-nobody"):
        response = await users.call("GET", f"/greenroom/{path}/explanation", token="bobs-key")
        assert problem(response) == (404, "record-not-found")
    assert (await users.call("GET", f"/greenroom/runs/{run.id}/explanation", token="alices-key")).is_success


async def test_the_first_rejected_requests_of_a_run_are_recorded(api: Api) -> None:
    actor = await api.create_actor()
    await api.orchestrator.actors.update(actor, lambda _: {"permission_level": LIMITED})
    run = await api.start(api.orchestrator.actors.get(actor.id))
    items = f"/v2/datasets/{(await api.start()).default_dataset_id}/items"
    for path in ("/v2/actors", "/v2/actors", items, f"/v2/actor-tasks/{2000 * 'x'}"):
        assert problem(await api.call("GET", path, token=run.token))[0] == 403
    first, second, third = api.current(run).rejections
    assert first.startswith("GET /v2/actors: A run with LIMITED_PERMISSIONS may not do this.")
    assert second.startswith(f"GET {items}: A run with LIMITED_PERMISSIONS may not read this storage")
    assert len(third) == 500


async def test_an_abort_records_who_ordered_it(api: Api) -> None:
    by_user, by_itself = await api.start(), await api.start()
    await api.data("POST", f"/v2/actor-runs/{by_user.id}/abort")
    await api.data("POST", f"/v2/actor-runs/{by_itself.id}/abort", token=by_itself.token)
    await api.clock.settle()
    aborts = [api.current(run).abort for run in (by_user, by_itself)]
    assert [abort and (abort.by, abort.run_id) for abort in aborts] == [("user", None), ("itself", by_itself.id)]


async def test_the_operator_may_explain_all_runs(api: Api) -> None:
    run = await api.start()
    explained = await api.data("GET", f"/greenroom/runs/{run.id}/explanation", token=CONTROL_TOKEN)
    assert explained["isLive"]
