"""/greenroom/events: what each topic sends, who gets it, and how a lost stream continues."""

from __future__ import annotations

from typing import Any

import pytest

from api.response.live_event_models import (
    BuildEvent,
    Hello,
    LogGrowth,
    RecordChange,
    Reset,
    RunSample,
    ServerState,
    TimelineEvent,
)
from api.response.run_list_models import RunSummary
from runtime.access import sessions
from runtime.base.records import PermissionLevel
from runtime.live_events.connection import HEARTBEAT_MILLIS
from tests.api.routes.test_console import signed_in
from tests.fakes.api import Api, problem
from tests.fakes.browser import BY_PAGE
from tests.fakes.event_stream import EventClient, listen
from tests.fakes.samples import MIB, NANOS, a_detail


async def put_topics(api: Api, client: EventClient, *topics: str, token: str = "ann") -> Any:
    path = f"/greenroom/events/{client.connection}/topics"
    return await api.call("PUT", path, json={"topics": topics}, token=token)


async def test_runs_are_sent_as_the_list_shows_them_and_numbers_once_a_second(api: Api) -> None:
    client = await listen(api, "runs")
    run = await api.start(await api.create_actor("hello"))
    await api.clock.advance(0.2)
    [*_, started] = client.named("run")
    RunSummary.model_validate(started)
    assert (started["id"], started["status"], started["actorName"]) == (run.id, "RUNNING", "local/hello")
    before = len(client.named("run"))
    for count in range(5):
        api.container_of(run).uses((90 + count) * MIB, cpu_nanos=count * 100 * NANOS)
        await api.clock.advance(0.1)
    await api.clock.advance(1)
    assert [each["memMaxBytes"] for each in client.named("run")[before:]][-1] == 94 * MIB
    assert len(client.named("run")) - before <= 2
    await api.finish(run)
    await api.clock.advance(0.1)
    [listed] = (await api.call("GET", "/greenroom/runs")).json()["items"]
    assert client.named("run")[-1] == listed
    assert (listed["status"], listed["items"]) == ("SUCCEEDED", 0)
    await api.call("DELETE", f"/v2/actor-runs/{run.id}")
    await api.clock.advance(0.1)
    assert client.named("changed") == [{"kind": "run", "id": run.id, "change": "deleted"}]
    await client.close()


async def test_builds_records_and_the_server_send_their_changes(api: Api) -> None:
    client = await listen(api, "builds", "records", "server")
    actor = await api.create_actor()
    await api.clock.advance(1)
    [*_, build] = client.named("build")
    BuildEvent.model_validate(build)
    assert (build["actorId"], build["buildNumber"], build["status"]) == (actor.id, "0.0.1", "SUCCEEDED")
    dataset = await api.data("POST", "/v2/datasets?name=prices")
    for _ in range(5):
        await api.call("POST", f"/v2/datasets/{dataset['id']}/items", json={"price": 1})
    await api.clock.advance(2)
    for path in (f"/v2/datasets/{dataset['id']}", f"/v2/datasets/{dataset['id']}/items"):
        await api.call("GET", path)  # a read is no change
    await api.call("DELETE", f"/v2/datasets/{dataset['id']}")
    await api.clock.advance(2)
    changes = [RecordChange.model_validate(each) for each in client.named("changed")]
    created, *modified, deleted = [each.change for each in changes if each.id == dataset["id"]]
    assert (created, deleted) == ("created", "deleted")
    # Of the five pushes, the first is sent immediately, and the others together a second later.
    assert modified in (["modified"], ["modified"] * 2)
    assert ("actor", "created") in [(each.kind, each.change) for each in changes]
    run = await api.start(actor, memory_mbytes=512)
    await api.clock.advance(0.2)
    state = ServerState.model_validate(client.named("server")[-1])
    assert (state.used_mbytes, state.live_runs, state.is_engine_reachable) == (512, 1, True)
    await api.finish(run)
    api.engine.stops()
    await api.clock.advance(3)
    state = ServerState.model_validate(client.named("server")[-1])
    assert (state.used_mbytes, state.live_runs, state.is_engine_reachable) == (0, 0, False)
    await client.close()


async def test_one_run_sends_the_new_entries_of_its_time_line(api: Api) -> None:
    run = await api.start()
    before = (await api.call("GET", f"/greenroom/runs/{run.id}/timeline")).json()["entries"]
    client = await listen(api, f"run:{run.id}")
    other = await api.start(await api.create_actor("other"))
    await api.finish(other)
    await api.finish(run)
    await api.clock.advance(0.2)
    entries = (await api.call("GET", f"/greenroom/runs/{run.id}/timeline")).json()["entries"]
    added = [
        TimelineEvent.model_validate(each).model_dump(by_alias=True, mode="json") for each in client.named("timeline")
    ]
    assert {each.pop("id") for each in added} == {run.id}
    assert before + added == entries
    assert entries[-1]["name"] == "SUCCEEDED"
    await client.close()


async def test_one_run_sends_its_samples_and_the_growth_of_its_log(api: Api) -> None:
    run, other = await api.start(), await api.start(await api.create_actor("other"))
    client = await listen(api, f"run:{run.id}")
    await api.clock.advance(1)
    api.container_of(run).prints("one", "two")
    api.container_of(other).prints("more")
    for second in (1, 2):
        detail = a_detail(periods=second * 10)
        api.container_of(run).uses(90 * MIB, cpu_nanos=second * 100 * NANOS, detail=detail)
        api.container_of(other).uses(10 * MIB)
        await api.clock.advance(1)
    samples = [RunSample.model_validate(each) for each in client.named("sample")]
    metrics = (await api.call("GET", f"/greenroom/runs/{run.id}/metrics")).json()
    assert [each.at for each in samples] == metrics["at"]
    values = samples[-1].model_dump(by_alias=True)["curves"]
    stored = {name: curve["values"][-1] for name, curve in metrics["curves"].items()}
    assert {name: values[name] for name in ("memoryBytes", "cpuCores", "limitBytes")} == {
        name: stored[name] for name in ("memoryBytes", "cpuCores", "limitBytes")
    }
    growth = LogGrowth.model_validate(client.named("log")[-1])
    lines = (await api.call("GET", f"/greenroom/logs/{run.id}/lines")).json()
    assert (growth.id, growth.bytes, growth.lines) == (run.id, lines["totalBytes"], lines["totalLines"])
    await client.close()


async def test_each_user_gets_only_the_events_of_their_own_records(users: Api) -> None:
    alice = await listen(users, "runs", "records", "builds", token="alices-key")
    bob = await listen(users, "runs", "records", "builds", token="bobs-key")
    run = await users.start(await users.create_actor())
    await users.clock.advance(1)
    assert alice.named("run") and alice.named("changed") and alice.named("build")
    assert len(bob.events) == 1
    rejected = await listen(users, f"run:{run.id}", token="bobs-key")
    assert rejected.status == 404
    assert problem(await put_topics(users, bob, f"run:{run.id}", token="bobs-key")) == (404, "record-not-found")
    assert problem(await put_topics(users, alice, "runs", token="bobs-key")) == (404, "record-not-found")
    taken = await listen(users, "runs", token="bobs-key", last_id=alice.events[-1].id)
    assert taken.named("reset") and not taken.named("run") and alice.is_open
    for client in (alice, bob, taken):
        await client.close()


async def test_topics_are_changed_without_a_new_stream(api: Api) -> None:
    client = await listen(api)
    run = await api.start()
    await api.clock.advance(1)
    assert (await put_topics(api, client, "runs", f"run:{run.id}")).json() == {"topics": ["runs", f"run:{run.id}"]}
    assert len(client.events) == 1
    await api.finish(run)
    await api.clock.advance(1)
    assert client.named("run")[-1]["status"] == "SUCCEEDED"
    assert (await put_topics(api, client)).is_success
    seen = len(client.events)
    await api.start(await api.create_actor("other"))
    await api.clock.advance(1)
    assert len(client.events) == seen
    await client.close()


@pytest.mark.parametrize("topic", ["run", "runs:1", "run:", "logs", "build:", "a" * 10_000])
async def test_unknown_topics_are_rejected(api: Api, topic: str) -> None:
    assert problem(await api.call("GET", f"/greenroom/events?topics={topic}")) == (400, "invalid-parameter")
    client = await listen(api, "runs")
    assert problem(await put_topics(api, client, "builds", topic)) == (400, "invalid-parameter")
    assert problem(await put_topics(api, client, *["runs"] * 101)) == (400, "invalid-input")
    assert client.named("hello")[0]["topics"] == ["runs"]
    await client.close()


async def test_a_lost_stream_continues_with_its_topics_and_misses_nothing(api: Api) -> None:
    client = await listen(api, "builds")
    await put_topics(api, client, "runs")
    run = await api.start()
    await api.clock.advance(1)
    await client.close()
    await api.finish(run)
    await api.clock.advance(30)
    again = await listen(api, "builds", last_id=client.events[-1].id)
    hello = Hello.model_validate(again.named("hello")[0])
    assert (hello.connection, hello.topics, hello.position) == (client.connection, ("runs",), client.events[-1].id)
    assert [each["status"] for each in again.named("run")] == ["SUCCEEDED"]
    assert not again.named("reset")
    # Another stream continues the same connection: the older one ends.
    newest = await listen(api, "builds", last_id=again.events[-1].id)
    await api.clock.settle()
    assert newest.is_open and not again.is_open
    await newest.close()


@pytest.mark.parametrize("loss", ["time", "restart", "other"])
async def test_a_gap_that_cannot_be_replayed_is_reported(api: Api, loss: str) -> None:
    client = await listen(api, "runs")
    run = await api.start()
    await api.clock.advance(1)
    last_id = client.events[-1].id if loss != "other" else "no id of this server"
    await client.close()
    if loss == "restart":
        await api.restart_server()
    await api.clock.advance(61 if loss == "time" else 1)
    again = await listen(api, "runs", f"run:{'x' * 17}", last_id=last_id)
    assert [event.name for event in again.events[:2]] == ["hello", "reset"]
    assert Reset.model_validate(again.events[1].data).topics == ("runs",)
    assert again.connection != client.connection
    await api.finish(run)
    await api.clock.advance(1)
    assert again.named("run")[-1]["status"] == "SUCCEEDED"
    await again.close()


async def test_a_slow_reader_gets_the_newest_state_and_a_heartbeat_shows_a_silent_stream(api: Api) -> None:
    client = await listen(api, "runs")
    run = await api.start()
    await api.clock.advance(1)
    client.may_read.clear()
    for count in range(50):
        api.container_of(run).uses(count * MIB)
        await api.clock.advance(1)
    before = len(client.named("run"))
    client.may_read.set()
    await api.clock.advance(1)
    assert len(client.named("run")) - before <= 3
    assert client.named("run")[-1]["memMaxBytes"] == 49 * MIB
    await api.finish(run)
    await api.clock.advance(40)
    assert client.text.count(": heartbeat\n\n") == 2
    await client.close()


async def test_open_streams_end_with_the_server(api: Api) -> None:
    client = await listen(api, "runs", "server", "records", "builds")
    api.orchestrator.release_waiters()
    await api.clock.settle()
    assert not client.is_open
    late = await listen(api, "runs")
    assert not late.is_open


async def test_a_sign_out_ends_the_streams_of_the_session_at_once(users: Api) -> None:
    first, second = await signed_in(users, "alices-key"), await signed_in(users, "alices-key")
    ended, other = [
        await EventClient(users, "topics=runs", headers={**BY_PAGE, "Cookie": each["Cookie"]}).open()
        for each in (first, second)
    ]
    assert (ended.status, other.status) == (200, 200)
    await users.call("DELETE", "/greenroom/session", token=None, headers=first)
    await users.clock.settle()
    assert (ended.is_open, other.is_open) == (False, True)
    run = await users.start(await users.create_actor("hello"))
    await users.clock.advance(0.2)
    assert ended.named("run") == [] and other.named("run")[-1]["id"] == run.id
    again = EventClient(users, "topics=runs", headers=first, last_id=ended.events[-1].id)
    assert (await again.open()).status == 401
    await other.close()


async def test_a_stream_ends_when_its_session_expires(users: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "USER_MILLIS", 60_000)
    client = await EventClient(users, "topics=runs", headers=await signed_in(users, "alices-key")).open()
    await users.clock.advance(59)
    assert client.is_open
    await users.clock.advance(HEARTBEAT_MILLIS / 1000)
    assert not client.is_open


async def test_a_stream_ends_with_the_run_whose_token_opened_it(api: Api) -> None:
    actor = await api.create_actor("hello")
    await api.orchestrator.actors.update(actor, lambda _: {"permission_level": PermissionLevel.FULL})
    run = await api.start(api.orchestrator.actors.get(actor.id))
    client = await listen(api, "runs", token=run.token)
    await api.finish(run)
    await api.clock.advance(HEARTBEAT_MILLIS / 1000)
    assert client.status == 200 and not client.is_open
