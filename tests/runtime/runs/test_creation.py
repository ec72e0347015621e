from __future__ import annotations

from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar
from runtime.inputs.inputs import Input
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import START
from tests.fakes.stage import META, Stage


async def test_a_new_run_is_ready_and_has_storages_and_secrets_of_its_own(stage: Stage) -> None:
    actor = await stage.create_actor()
    runs = [
        await stage.orchestrator.starting.start(
            StartRequest(user=stage.user, actor=actor, input=None, options=StartOptions(), meta=META)
        )
        for _ in range(2)
    ]
    first, second = runs
    assert first.status is JobStatus.READY
    assert (first.started_at, first.finished_at, first.exit_code) == (START, None, None)
    for field in (
        "id",
        "token",
        "web_key",
        "events_key",
        "container_url",
        "default_dataset_id",
        "default_key_value_store_id",
        "default_request_queue_id",
    ):
        assert getattr(first, field) != getattr(second, field)
    assert len(first.id) == 17 and len(first.web_key) >= 25 and len(first.events_key) >= 24
    assert stage.orchestrator.datasets.find(stage.user.id, first.default_dataset_id).run_id == first.id


async def test_the_input_is_stored_byte_for_byte(stage: Stage) -> None:
    run = await stage.start(input=Input(body=b"\x00raw", content_type="application/x-thing"))
    record = stage.orchestrator.key_value_stores.get_record(run.default_key_value_store_id, "INPUT")
    assert record is not None
    assert (record.body, record.info.content_type) == (b"\x00raw", "application/x-thing")
    assert run.stats.input_body_len == 4


async def test_a_run_without_an_input_has_no_input_record(stage: Stage) -> None:
    run = await stage.start()
    assert stage.orchestrator.key_value_stores.get_record(run.default_key_value_store_id, "INPUT") is None
    assert run.stats.input_body_len == 0


async def test_the_web_server_port_comes_from_the_build(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.create_build(actor, "latest", EnvVar(name="ACTOR_WEB_SERVER_PORT", value="8080"))
    assert (await stage.start(stage.orchestrator.actors.get(actor.id))).web_server_port == 8080
