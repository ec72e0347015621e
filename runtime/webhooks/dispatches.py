"""Dispatches: what webhooks send, created from the events of runs and builds.

An event is written into the record of its run or build, together with the change that caused it. From there it becomes
exactly one dispatch for each webhook that is subscribed to it. Each dispatch is sent at least once, even if the server
crashes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from runtime.base.clock import Clock, Millis
from runtime.base.errors import StorageUnavailable, record_not_found
from runtime.base.json_text import JsonDict
from runtime.base.paging import Page, Paging
from runtime.base.records import Build, DispatchStatus, Run, User, Webhook, WebhookDispatch, WebhookEvent, new_id
from runtime.base.retry import retry
from runtime.database import AlreadyExists, Database
from runtime.webhooks import templates

Present = Callable[[Run | Build], JsonDict]


class Dispatches:
    """`present` returns a job as the API shows it to its owner. `wake_delivery` is called for new dispatches."""

    def __init__(self, database: Database, clock: Clock, present: Present, wake_delivery: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._present = present
        self._wake_delivery = wake_delivery
        self._recovery: asyncio.Task[None] | None = None

    def get(self, user: User, id: str) -> WebhookDispatch:
        """Raises NotFound, also for another user's dispatch."""
        dispatch = self._database.dispatches.get(id)
        if dispatch is None or dispatch.user_id != user.id:
            raise record_not_found("Webhook dispatch", id)
        return dispatch

    def page(self, user: User, webhook: Webhook | None, paging: Paging) -> Page[WebhookDispatch]:
        """The dispatches of all of the user's webhooks, or of one webhook."""
        return self._database.dispatches.page(user.id, webhook, paging)

    def page_of_run(self, run: Run, paging: Paging) -> Page[WebhookDispatch]:
        """The dispatches for events of a run, of all webhooks of its user."""
        return self._database.dispatches.page_of_run(run.user_id, run.id, paging)

    async def dispatch_pending(self, job: Run | Build) -> None:
        """Dispatch the pending events of a run or build: now, or as soon as the disk takes them."""
        try:
            await self.dispatch_now(job)
        except StorageUnavailable:
            if self._recovery is None or self._recovery.done():
                self._recovery = asyncio.create_task(self._recover_later(), name="dispatch of pending events")

    async def close(self) -> None:
        """Leave the events that are still pending to the next server."""
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait({self._recovery})

    async def dispatch_now(self, job: Run | Build) -> None:
        """Dispatch the pending events of a run or build, then remove these events from its record.

        Raises StorageUnavailable. Then the events remain in the record.
        """
        for event_id, event in job.pending_events.items():
            await self._dispatch_event(event, event_id, job)
        if isinstance(job, Run):
            await self._database.runs.update(
                job.id, lambda current: replace(current, pending_events=_events_since(current, job))
            )
        else:
            await self._database.builds.update(
                job.id, lambda current: replace(current, pending_events=_events_since(current, job))
            )

    async def recover(self) -> None:
        """Dispatch all pending events, such as those that the previous server did not dispatch before it ended."""
        jobs: list[Run | Build] = [
            *self._database.builds.with_pending_events(),
            *self._database.runs.with_pending_events(),
        ]
        for job in jobs:
            await self.dispatch_now(job)

    async def _recover_later(self) -> None:
        await retry(self.recover, self._clock, "The dispatch of pending events", on=(StorageUnavailable,))

    async def test(self, webhook: Webhook) -> WebhookDispatch:
        """Dispatch a TEST event, with the newest run that matches the webhook's condition, if there is one."""
        run = self._database.runs.newest_of_condition(webhook.user_id, webhook.condition)
        resource = None if run is None else self._present(run)
        dispatch = self._new(webhook, WebhookEvent.TEST, new_id(), run, resource)
        await self._database.dispatches.insert(dispatch)
        self._wake_delivery()
        return dispatch

    async def send_again(self, dispatch: WebhookDispatch) -> WebhookDispatch:
        """Send a dispatch once more, or earlier than planned, and return it. Raises NotFound if it was deleted."""
        due = partial(replace, status=DispatchStatus.ACTIVE, next_call_at=self._clock.now())
        sent = await self._database.dispatches.update(dispatch.id, due, may_use_reserve=False)
        if sent is None:
            raise record_not_found("Webhook dispatch", dispatch.id)
        self._wake_delivery()
        return sent

    async def delete_finished_before(self, user_id: str, moment: Millis) -> None:
        """Delete the user's dispatches whose last call finished before `moment`."""
        await self._database.dispatches.delete_finished_before(user_id, moment)

    async def _dispatch_event(self, event: WebhookEvent, event_id: str, job: Run | Build) -> None:
        """Create a dispatch for each subscribed webhook that does not have one for this event yet."""
        webhooks = self._subscribed(event, job)
        resource = self._present(job) if webhooks else None
        for dispatch in [self._new(webhook, event, event_id, job, resource) for webhook in webhooks]:
            with suppress(AlreadyExists):  # the previous server crashed before it removed the event from the record
                await self._database.dispatches.insert(dispatch)
        if webhooks:
            self._wake_delivery()

    def _subscribed(self, event: WebhookEvent, job: Run | Build) -> list[Webhook]:
        webhooks = self._database.webhooks.subscribed_to(job)
        return [each for each in webhooks if each.user_id == job.user_id and event in each.event_types]

    def _new(
        self,
        webhook: Webhook,
        event: WebhookEvent,
        event_id: str,
        job: Run | Build | None,
        resource: JsonDict | None,
    ) -> WebhookDispatch:
        now, data = self._clock.now(), event_data(job)
        values = templates.variables(webhook.user_id, event, data, resource, now)
        in_strings = webhook.should_interpolate_strings
        return WebhookDispatch(
            id=new_id(),
            user_id=webhook.user_id,
            webhook=webhook,
            created_at=now,
            event_type=event,
            occasion=event_id,
            event_data=data,
            payload=templates.payload(webhook.payload_template, values, in_strings=in_strings),
            headers=templates.headers(webhook.headers_template, values, in_strings=in_strings),
            next_call_at=now,
        )


def event_data(job: Run | Build | None) -> JsonDict | None:
    """The platform's `eventData`."""
    match job:
        case Run():
            task = {} if job.task_id is None else {"actorTaskId": job.task_id}
            return {"actorId": job.actor_id, **task, "actorRunId": job.id}
        case Build():
            return {"actorId": job.actor_id, "actorBuildId": job.id}
    return None


def _events_since(current: Run | Build, dispatched: Run | Build) -> dict[str, WebhookEvent]:
    """The pending events of the current record without those that have been dispatched."""
    return {id: event for id, event in current.pending_events.items() if id not in dispatched.pending_events}
