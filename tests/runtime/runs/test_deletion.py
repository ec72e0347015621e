from __future__ import annotations

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.base.lifecycle import JobStatus
from runtime.base.records import WebhookDraft, WebhookEvent
from runtime.database.key_value_stores_table import MAX_BYTES_IN_DATABASE
from runtime.inputs.inputs import Input
from runtime.runs.options import StartOptions
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage


async def test_a_live_run_cannot_be_deleted(stage: Stage) -> None:
    run = await stage.start()
    with pytest.raises(Invalid) as error:
        await stage.orchestrator.run_deletion.delete(run)
    assert error.value.slug == "cannot-remove-running-run"


async def test_a_finished_run_is_deleted_with_its_storages_and_its_log(stage: Stage) -> None:
    run = await stage.finish(await stage.start(input=Input(body=b"1", content_type="text/plain")))
    assert await stage.log_of(run.id)
    await stage.orchestrator.run_deletion.delete(run)
    with pytest.raises(NotFound):
        stage.current(run)
    assert stage.orchestrator.datasets.get(run.default_dataset_id) is None
    assert stage.orchestrator.key_value_stores.get(run.default_key_value_store_id) is None
    assert stage.orchestrator.request_queues.get(run.default_request_queue_id) is None
    assert await stage.log_of(run.id) == []


async def test_a_run_that_was_resurrected_concurrently_is_not_deleted(stage: Stage) -> None:
    finished = await stage.finish(await stage.start())
    await stage.orchestrator.resurrection.resurrect(finished, StartOptions())
    with pytest.raises(Invalid):
        await stage.orchestrator.run_deletion.delete(finished)
    assert stage.orchestrator.datasets.get(finished.default_dataset_id) is not None
    assert stage.current(finished).status is JobStatus.RUNNING


async def test_webhooks_get_the_end_event_of_a_run_that_is_deleted_immediately_afterwards(
    stage: Stage, receiver: Receiver
) -> None:
    webhook = WebhookDraft(event_types=(WebhookEvent.RUN_SUCCEEDED,), request_url=receiver.url())
    run = await stage.start(webhooks=(webhook,))
    stage.container_of(run).exits(0)
    await stage.orchestrator.runs.wait(run.id, 60)
    await stage.orchestrator.run_deletion.delete(run)
    await stage.clock.settle()
    assert receiver.events == ["ACTOR.RUN.SUCCEEDED"]


async def test_the_next_start_of_the_server_drops_the_leftovers_of_an_interrupted_start_or_deletion(
    stage: Stage, receiver: Receiver
) -> None:
    webhook = WebhookDraft(event_types=(WebhookEvent.RUN_ABORTED,), request_url=receiver.url())
    big = Input(body=b"x" * 2 * MAX_BYTES_IN_DATABASE, content_type="text/plain")
    lost, intact = [await stage.finish(await stage.start(input=big, webhooks=(webhook,))) for _ in range(2)]
    named = await stage.finish(await stage.start())
    await stage.orchestrator.datasets.update(named.default_dataset_id, {"name": "named"})
    for run in (lost, named):
        await stage.orchestrator.database.runs.delete(run.id)
    await stage.restart_server()
    orchestrator = stage.orchestrator
    for run, is_there in ((lost, False), (intact, True)):
        assert (orchestrator.datasets.get(run.default_dataset_id) is not None) == is_there
        assert (orchestrator.key_value_stores.get(run.default_key_value_store_id) is not None) == is_there
        assert (orchestrator.request_queues.get(run.default_request_queue_id) is not None) == is_there
        assert bool(orchestrator.webhooks.ad_hoc_of_run(run)) == is_there
        assert bool(await stage.log_of(run.id)) == is_there
    assert orchestrator.datasets.get(named.default_dataset_id) is not None
    assert len(list((stage.settings.data_dir / "values").iterdir())) == 1
