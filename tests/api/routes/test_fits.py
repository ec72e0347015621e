"""Fits over the API: started, followed, stopped, applied and deleted; also across a restart of the server."""

from __future__ import annotations

from tests.fakes.api import Api

MIB = 1024 * 1024
SIZES = [256, 512, 1024]


async def test_smoke(api: Api) -> None:
    actor = await api.create_actor("fitted")
    answer = await api.call("POST", "/greenroom/fits", json={"actor": actor.id, "sizes": [256, 512]})
    print(answer.text)
    assert answer.status_code == 201
    for _ in range(6):
        await api.clock.settle()
        for run in api.orchestrator.runs.unfinished():
            print(run.options)
            api.container_of(run).uses(200 * MIB)
            await api.finish(run)
        await api.clock.advance(1)
    fit = await api.call("GET", f"/greenroom/fits/{answer.json()['id']}")
    print(fit.text)
