"""/greenroom/actor-jobs and /greenroom/task-runs: what the lists of Actors and tasks show beside each row."""

from __future__ import annotations

from typing import Any

from runtime.base.clock import iso
from runtime.database import latest_jobs
from tests.fakes.api import Api

DAY_SECS = 86_400


async def items(api: Api, path: str, key: str, token: str = "ann") -> dict[str, Any]:
    answer = await api.call("GET", path, token=token)
    assert answer.status_code == 200, answer.text
    return {each.pop(key): each for each in answer.json()["items"]}


async def test_the_latest_jobs_of_each_actor(api: Api) -> None:
    assert await items(api, "/greenroom/actor-jobs", "actorId") == {}
    quiet, busy = await api.create_actor("quiet"), await api.create_actor("busy")
    await api.finish(await api.start(busy))
    await api.clock.advance(8 * DAY_SECS)
    await api.finish(await api.start(busy))
    await api.clock.advance(60)
    newest = await api.finish(await api.start(busy), 1)
    build = await api.create_build(busy, "beta")
    jobs = await items(api, "/greenroom/actor-jobs", "actorId")
    assert jobs[busy.id] == {
        "latestBuild": {
            "id": build.id,
            "buildNumber": build.number,
            "status": "SUCCEEDED",
            "startedAt": iso(build.started_at),
            "finishedAt": iso(build.finished_at or 0),
        },
        "lastRun": {
            "id": newest.id,
            "status": "FAILED",
            "startedAt": iso(newest.started_at),
            "finishedAt": iso(newest.finished_at or 0),
        },
        "recentRuns": 2,
    }
    assert (jobs[quiet.id]["lastRun"], jobs[quiet.id]["recentRuns"]) == (None, 0)
    live = await api.start(quiet)
    jobs = await items(api, "/greenroom/actor-jobs", "actorId")
    assert (jobs[quiet.id]["lastRun"]["id"], jobs[quiet.id]["lastRun"]["finishedAt"]) == (live.id, None)


async def test_a_user_sees_own_runs_of_anothers_public_actor_but_no_builds_of_it(users: Api) -> None:
    actor = await users.create_actor("shared")
    await users.orchestrator.actors.update(actor, lambda _: {"is_public": True})
    await users.start(actor)
    assert await items(users, "/greenroom/actor-jobs", "actorId", "bobs-key") == {}
    run = await users.data("POST", f"/v2/acts/{actor.id}/runs", token="bobs-key")
    jobs = await items(users, "/greenroom/actor-jobs", "actorId", "bobs-key")
    assert (jobs[actor.id]["lastRun"]["id"], jobs[actor.id]["latestBuild"]) == (run["id"], None)
    owners = await items(users, "/greenroom/actor-jobs", "actorId", "alices-key")
    assert owners[actor.id]["lastRun"]["id"] != run["id"] and owners[actor.id]["latestBuild"] is not None


async def test_the_last_run_of_each_task(users: Api) -> None:
    actor = await users.create_actor("hello")
    used = await users.orchestrator.tasks.create(users.user, actor.id, "used")
    await users.orchestrator.tasks.create(users.user, actor.id, "never-run")
    for _ in range(2):
        last = await users.data("POST", f"/v2/actor-tasks/{used.id}/runs", token="alices-key")
        await users.clock.advance(1)
    runs = await items(users, "/greenroom/task-runs", "taskId", "alices-key")
    assert {id: each["lastRun"]["id"] for id, each in runs.items()} == {used.id: last["id"]}
    assert runs[used.id]["lastRun"]["status"] == "RUNNING"
    assert await items(users, "/greenroom/task-runs", "taskId", "bobs-key") == {}


async def test_the_latest_jobs_are_found_with_indexes_alone(api: Api) -> None:
    """A list of Actors must not decode all runs and builds of a user."""

    def plan(query: str) -> list[str]:
        values = {"user": "u", "since": 0}
        found = api.orchestrator.database.connection.query(
            lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
        )
        return [each[3] for each in found]

    assert uses(plan(latest_jobs.LAST_RUNS), "runs_in_lists (user_id=?)")
    for query, index in (
        (latest_jobs.LAST_BUILDS, "builds_by_actor (actor_id=?)"),
        (latest_jobs.LAST_RUNS_OF_TASKS, "runs_by_task (task_id=?)"),
    ):
        assert uses(plan(query), index) and not any("TEMP B-TREE" in step for step in plan(query)), plan(query)


def uses(plan: list[str], index: str) -> bool:
    return any(step.endswith(f"INDEX {index}") for step in plan)
