from __future__ import annotations

from runtime.base.records import EnvVar
from runtime.runs.run_containers import RUN_LABEL
from tests.fakes.clock import START
from tests.fakes.stage import Stage

MBYTE = 1024 * 1024


async def test_a_container_gets_the_image_limits_and_environment_of_its_run(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.create_build(actor, "latest", EnvVar(name="MY_KEY", value="mine"))
    run = await stage.start(stage.orchestrator.actors.get(actor.id), memory_mbytes=512, timeout_secs=60)
    spec = stage.container_of(run).spec
    assert spec.image == stage.orchestrator.builds.get(run.build_id).image
    assert spec.labels[RUN_LABEL] == run.id
    assert (spec.memory_bytes, spec.disk_bytes, spec.shm_bytes) == (512 * MBYTE, 1024 * MBYTE, 256 * MBYTE)
    assert spec.environment["MY_KEY"] == "mine"
    assert spec.environment["APIFY_TOKEN"] == run.token
    assert spec.hosts == {"host.greenroom.internal": stage.engine.engine.gateway}
    assert (run.container_id, run.container_started_at) == (stage.container_of(run).id, START)
