"""The token of a run around the run's end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from runtime.base.records import PermissionLevel, Run
from tests.fakes.api import Api, problem


@pytest.mark.parametrize("level", PermissionLevel)
async def test_the_token_of_a_resurrected_run_works_again(api: Api, level: PermissionLevel) -> None:
    run = await api.finish(await api.start(permission_level=level))
    await api.clock.advance(60)
    path = "/v2/datasets?name=late"
    assert problem(await api.call("POST", path, token=run.token)) == (401, "invalid-token")
    await api.data("POST", f"/v2/actor-runs/{run.id}/resurrect")
    await api.clock.settle()
    assert (await api.call("POST", path, token=run.token)).status_code == 201
    await api.finish(run)
    assert problem(await api.call("POST", path, token=run.token)) == (401, "invalid-token")


async def test_a_request_accepted_before_the_end_is_completed(api: Api, run: Run) -> None:
    """The last bytes of a record arrive long after the run's end, when a new request is already rejected."""
    may_finish = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"first "
        await may_finish.wait()
        yield b"last"

    named = await api.data("POST", "/v2/key-value-stores?name=named", token=run.token)
    path = f"/v2/key-value-stores/{named['id']}/records/KEY"
    call = await api.start_call("PUT", path, token=run.token, content=slowly())
    await api.finish(run)
    await api.clock.advance(60)
    assert problem(await api.call("PUT", path, token=run.token, content=b"late")) == (401, "invalid-token")
    may_finish.set()
    assert (await call).status_code == 201
    assert (await api.call("GET", path)).content == b"first last"


async def test_writes_that_race_with_the_end(api: Api, run: Run) -> None:
    """Each write is stored as a whole or rejected. Only the default dataset accepts them for five more seconds."""
    named = await api.data("POST", "/v2/datasets?name=named", token=run.token)
    ids = (run.default_dataset_id, named["id"])
    outcomes: dict[str, Counter[tuple[bool, int]]] = {id: Counter() for id in ids}

    async def write(id: str, number: int) -> None:
        answer = await api.call("POST", f"/v2/datasets/{id}/items", token=run.token, json=[{"n": number}] * 3)
        outcomes[id][api.current(run).status.is_terminal, answer.status_code] += 1

    writes = [asyncio.create_task(write(id, number)) for number in range(100) for id in ids]
    api.container_of(run).exits(0)
    while not api.current(run).status.is_terminal:
        await asyncio.gather(*(write(id, -1) for id in ids))
    await asyncio.gather(*writes, *(write(id, -2) for id in ids))
    for id in ids:
        stored = await api.data("GET", f"/v2/datasets/{id}")
        assert stored["itemCount"] == 3 * sum(count for (_, status), count in outcomes[id].items() if status == 201)
    assert {status for _, status in outcomes[run.default_dataset_id]} == {201}
    assert outcomes[named["id"]].keys() >= {(True, 401)} and (False, 401) not in outcomes[named["id"]]


async def test_orders_after_the_end_are_rejected_immediately(api: Api) -> None:
    for level in PermissionLevel:
        run = await api.finish(await api.start(permission_level=level))
        for path in (f"actor-runs/{run.id}/metamorph?targetActorId={run.actor_id}", f"actor-runs/{run.id}/abort"):
            assert problem(await api.call("POST", f"/v2/{path}", token=run.token)) == (401, "invalid-token")
        answer = await api.call("POST", f"/v2/actors/{run.actor_id}/runs", token=run.token)
        assert problem(answer) == (401, "token-not-valid")
        shared = {"generalAccess": "ANYONE_WITH_ID_CAN_READ"}
        answer = await api.call("PUT", f"/v2/actor-runs/{run.id}", token=run.token, json=shared)
        assert problem(answer) == (401, "invalid-token")
        message = {"statusMessage": "Bye", "isStatusMessageTerminal": True}
        shown = await api.data("PUT", f"/v2/actor-runs/{run.id}", token=run.token, json=message)
        assert shown["statusMessage"] == "Bye"
    assert not api.orchestrator.runs.unfinished()
