"""Delivery of dispatches in virtual time: requests, retries, and what a new server sends."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from runtime.base.records import DispatchStatus, WebhookDraft
from runtime.database import Database
from runtime.webhooks.delivery import MAX_CONCURRENT_REQUESTS, RETRIES
from tests.fakes.clock import START
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage
from tests.fakes.webhooks import ENDS_OF_RUNS, dispatches, draft

MINUTE = 60


async def test_headers_of_a_template_and_reserved_headers(stage: Stage, receiver: Receiver) -> None:
    template = '{"Authorization": "secret", "X-Event": {{eventType}}, "content-type": "text/plain", "Host": "evil"}'
    await stage.finish(await stage.start(webhooks=(draft(receiver, headers_template=template),)))
    [dispatch] = dispatches(stage)
    headers = receiver.received[0].headers
    wanted = {
        "Authorization": "secret",
        "X-Event": "ACTOR.RUN.SUCCEEDED",
        "Content-Type": "application/json",
        "Host": receiver.url().split("/")[2],
        "X-Apify-Webhook": "true",
        "X-Apify-Webhook-Dispatch-Id": dispatch.id,
        "X-Apify-Request-Origin": "WEBHOOK",
    }
    assert {name: headers.getall(name) for name in wanted} == {name: [value] for name, value in wanted.items()}


async def test_pauses_between_retries_double_from_one_minute_up_to_the_eleventh(
    stage: Stage, receiver: Receiver
) -> None:
    receiver.status = 500
    await stage.finish(await stage.start(webhooks=(draft(receiver),)))
    await stage.clock.advance(40 * 60 * MINUTE)
    [dispatch] = dispatches(stage)
    starts = [call.started_at for call in dispatch.calls]
    pauses = [(after - before) / 60_000 for before, after in pairwise(starts)]
    assert pauses == [2**number for number in range(RETRIES)]
    assert (dispatch.status, dispatch.next_call_at) == (DispatchStatus.FAILED, None)
    assert len(receiver.received) == RETRIES + 1
    assert len({each.headers["X-Apify-Webhook-Dispatch-Id"] for each in receiver.received}) == 1
    call = dispatch.calls[0]
    assert (call.response_status, call.response_body) == (500, "thanks")
    assert call.error_message is not None and "500" in call.error_message


async def test_a_successful_retry_is_the_last(stage: Stage, receiver: Receiver) -> None:
    receiver.statuses = [503, 302]
    await stage.finish(await stage.start(webhooks=(draft(receiver),)))
    assert dispatches(stage)[0].status is DispatchStatus.ACTIVE
    await stage.clock.advance(60 * MINUTE)
    [dispatch] = dispatches(stage)
    assert [call.response_status for call in dispatch.calls] == [503, 302, 200]
    assert (dispatch.status, dispatch.calls[-1].error_message) == (DispatchStatus.SUCCEEDED, None)


async def test_a_webhook_may_disable_retries(stage: Stage, receiver: Receiver) -> None:
    await receiver.close()
    wanted = WebhookDraft(event_types=ENDS_OF_RUNS, request_url="http://127.0.0.1:1/", do_not_retry=True)
    await stage.finish(await stage.start(webhooks=(wanted,)))
    [dispatch] = dispatches(stage)
    assert dispatch.status is DispatchStatus.FAILED
    assert [call.response_status for call in dispatch.calls] == [None]
    assert "Cannot send the request" in str(dispatch.calls[0].error_message)
    await receiver.open()


async def test_dispatches_beyond_the_limit_on_concurrent_requests_are_sent_later(
    stage: Stage, receiver: Receiver
) -> None:
    count = 3 * MAX_CONCURRENT_REQUESTS
    await stage.finish(await stage.start(webhooks=tuple(draft(receiver) for _ in range(count))))
    assert len(receiver.received) == count
    assert {each.status for each in dispatches(stage)} == {DispatchStatus.SUCCEEDED}


async def test_an_advance_of_the_clock_brings_retries_forward(stage: Stage, receiver: Receiver) -> None:
    """A retry that fails then plans the next one from the time of its call."""
    receiver.status = 500
    await stage.finish(await stage.start(webhooks=(draft(receiver),)))
    await stage.orchestrator.clock_advance.advance(30_000)
    await stage.clock.settle()
    assert len(receiver.received) == 1
    await stage.orchestrator.clock_advance.advance(3_600_000)
    await stage.clock.settle()
    assert len(receiver.received) == 2
    receiver.status = 200
    await stage.clock.advance(2 * MINUTE)
    [dispatch] = dispatches(stage)
    assert [call.response_status for call in dispatch.calls] == [500, 500, 200]
    assert [call.started_at - START for call in dispatch.calls] == [0, 0, 2 * MINUTE * 1000]


async def test_a_new_server_continues_the_schedule(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    await stage.finish(await stage.start(webhooks=(draft(receiver),)))
    await stage.clock.advance(MINUTE)
    await stage.close()
    await stage.clock.advance(30)
    await stage.open()
    assert len(receiver.received) == 2
    receiver.status = 200
    await stage.clock.advance(90)
    [dispatch] = dispatches(stage)
    assert [call.response_status for call in dispatch.calls] == [500, 500, 200]


async def test_a_dispatch_that_was_being_sent_at_a_crash_is_sent_again(stage: Stage, receiver: Receiver) -> None:
    await stage.finish(await stage.start(webhooks=(draft(receiver),)))
    [dispatch] = dispatches(stage)
    await stage.close()
    database = Database(stage.settings.data_dir)
    await database.dispatches.update(
        dispatch.id,
        lambda now: replace(now, calls=(), status=DispatchStatus.ACTIVE, next_call_at=now.created_at),
    )
    database.close()
    await stage.open()
    assert dispatches(stage) == [dispatch]
    assert len({each.headers["X-Apify-Webhook-Dispatch-Id"] for each in receiver.received}) == 1
    assert len(receiver.received) == 2
