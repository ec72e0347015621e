"""Webhooks: who is told of which event of a run or build.

The rule: an event is written into the record of its run or build together with what happened. From there it becomes
exactly one dispatch for each webhook that hears it, and each dispatch is sent at least once, whenever the server dies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid, record_not_found
from runtime.base.json_text import JsonDict
from runtime.base.records import (
    Actor,
    Build,
    Run,
    Task,
    User,
    Webhook,
    WebhookCondition,
    WebhookDispatch,
    WebhookDraft,
    WebhookEvent,
    new_id,
)
from runtime.database import Store
from runtime.database.tables import HAS_PENDING_EVENTS, AlreadyExists, Page
from runtime.webhooks import templates

Describe = Callable[[Run | Build], JsonDict]


class Webhooks:
    """All webhooks of an instance and what they dispatch.

    `describe` tells how the API shows a run or build now; `nudge` tells the dispatcher that there is something to send.
    """

    def __init__(
        self, store: Store, actors: Actors, tasks: Tasks, clock: Clock, describe: Describe, nudge: Callable[[], None]
    ) -> None:
        self._store = store
        self._actors = actors
        self._tasks = tasks
        self._clock = clock
        self._describe = describe
        self._nudge = nudge

    async def create(
        self, user: User, draft: WebhookDraft, condition: WebhookCondition, *, is_ad_hoc: bool = False
    ) -> Webhook:
        """Store a webhook, or find the one with the same idempotency key. Raises Invalid, NotFound."""
        webhook = self._new(user, draft, self._checked(user, condition), is_ad_hoc)
        try:
            return await self._store.webhooks.insert(webhook)
        except AlreadyExists:
            return self._of_key(user, draft.idempotency_key)

    async def attach(self, user: User, run_id: str, drafts: tuple[WebhookDraft, ...]) -> None:
        """Store the ad hoc webhooks of a run that is about to be recorded. Raises Invalid; nothing is stored then."""
        condition = WebhookCondition(actor_run_id=run_id)
        for webhook in [self._new(user, draft, condition, is_ad_hoc=True) for draft in drafts]:
            with suppress(AlreadyExists):  # its key was used before: the request to start a run is a repeated one
                await self._store.webhooks.insert(webhook)

    def get(self, user: User, id: str) -> Webhook:
        """Raises NotFound, also for another user's."""
        webhook = self._store.webhooks.find("id = ? AND user_id = ?", id, user.id)
        if webhook is None:
            raise record_not_found("Webhook", id)
        return webhook

    def page(self, user: User, on: Actor | Task | None, *, descending: bool, offset: int, limit: int) -> Page[Webhook]:
        """The user's webhooks, or those on one Actor or task."""
        condition, values = "user_id = ?", [user.id]
        if on is not None:
            column = "task_id" if isinstance(on, Task) else "actor_id"
            condition, values = f"{condition} AND {column} = ?", [user.id, on.id]
        return self._store.webhooks.page(
            condition, values, order_by="created_at", descending=descending, offset=offset, limit=limit
        )

    def of_run(self, run: Run) -> list[Webhook]:
        """The ad hoc webhooks of a run."""
        return [each for each in self._store.webhooks.all("run_id = ?", run.id) if each.is_ad_hoc]

    async def change(
        self, user: User, webhook: Webhook, fields: Mapping[str, Any], condition: WebhookCondition | None
    ) -> Webhook:
        """Raises Invalid, NotFound. What is dispatched already goes on as it was."""
        wanted = webhook.condition if condition is None else self._checked(user, condition)

        def changed(now: Webhook) -> Webhook:
            webhook = replace(now, **fields, condition=wanted, modified_at=self._clock.now())
            check(webhook)
            return webhook

        record = await self._store.webhooks.update(webhook.id, changed)
        if record is None:
            raise record_not_found("Webhook", webhook.id)
        return record

    async def delete(self, webhook: Webhook) -> None:
        """Drop a webhook with its dispatches: nothing of it is sent any more."""
        await self._store.webhooks.delete("id = ?", webhook.id)
        await self._store.dispatches.delete("webhook_id = ?", webhook.id)

    async def forget_run(self, run_id: str) -> None:
        """Drop the webhooks of a run that is deleted; what they still have to send goes on."""
        await self._store.webhooks.delete("run_id = ?", run_id)
        await self._store.dispatches.delete("run_id = ? AND next_call_at IS NULL", run_id)

    async def forget_lost_runs(self) -> None:
        """Drop the webhooks of runs that are not there."""
        await self._store.webhooks.delete("run_id IS NOT NULL AND run_id NOT IN (SELECT id FROM runs)")

    async def forget_actor(self, actor_id: str) -> None:
        """Drop the webhooks of an Actor that is deleted, and of its tasks; what they still have to send goes on."""
        await self._store.webhooks.delete("actor_id = ?", actor_id)
        await self._store.webhooks.delete("task_id IS NOT NULL AND task_id NOT IN (SELECT id FROM tasks)")

    async def forget_task(self, task_id: str) -> None:
        """Drop the webhooks of a task that is deleted; what they still have to send goes on."""
        await self._store.webhooks.delete("task_id = ?", task_id)

    async def drop_finished(self, before: Millis) -> None:
        """Drop dispatches that were over before a moment."""
        finished_at = "json_extract(body, '$.calls[#-1].finished_at')"
        await self._store.dispatches.delete(f"next_call_at IS NULL AND {finished_at} < ?", before)

    async def dispatch_pending(self, record: Run | Build) -> None:
        """Dispatch what the record says that webhooks were not told of; then it says so no longer."""
        for occasion, event in record.pending_events.items():
            await self._fire(event, occasion, record)
        if isinstance(record, Run):
            await self._store.runs.update(record.id, lambda now: replace(now, pending_events=_without(now, record)))
        else:
            await self._store.builds.update(record.id, lambda now: replace(now, pending_events=_without(now, record)))

    async def recover(self) -> None:
        """Dispatch what the last server could not dispatch any more."""
        pending_events: list[Run | Build] = [
            *self._store.builds.all(HAS_PENDING_EVENTS),
            *self._store.runs.all(HAS_PENDING_EVENTS),
        ]
        for record in pending_events:
            await self.dispatch_pending(record)

    async def test(self, webhook: Webhook) -> WebhookDispatch:
        """Dispatch a TEST event, about the newest run that the webhook could hear of if there is one."""
        run = self._sample(webhook)
        resource = None if run is None else self._describe(run)
        dispatch = self._dispatch(webhook, WebhookEvent.TEST, new_id(), run, resource)
        await self._store.dispatches.insert(dispatch)
        self._nudge()
        return dispatch

    def dispatch(self, user: User, id: str) -> WebhookDispatch:
        """Raises NotFound, also for another user's."""
        dispatch = self._store.dispatches.find("id = ? AND user_id = ?", id, user.id)
        if dispatch is None:
            raise record_not_found("Webhook dispatch", id)
        return dispatch

    def dispatches(
        self, user: User, webhook: Webhook | None, *, descending: bool, offset: int, limit: int
    ) -> Page[WebhookDispatch]:
        """What the user's webhooks dispatched, or one of them."""
        condition, value = ("user_id = ?", user.id) if webhook is None else ("webhook_id = ?", webhook.id)
        return self._store.dispatches.page(
            condition, [value], order_by="created_at", descending=descending, offset=offset, limit=limit
        )

    async def _fire(self, event: WebhookEvent, occasion: str, record: Run | Build) -> None:
        """Dispatch an event to each webhook that hears it; to those that have it already, not again."""
        hearing = self._hearing(event, record)
        resource = self._describe(record) if hearing else None
        for dispatch in [self._dispatch(each, event, occasion, record, resource) for each in hearing]:
            with suppress(AlreadyExists):  # the last server died after this and before it could note so
                await self._store.dispatches.insert(dispatch)
        if hearing:
            self._nudge()

    def _new(self, user: User, draft: WebhookDraft, condition: WebhookCondition, is_ad_hoc: bool) -> Webhook:
        """Raises Invalid."""
        now = self._clock.now()
        webhook = Webhook(
            **asdict(draft),
            id=new_id(),
            user_id=user.id,
            created_at=now,
            modified_at=now,
            condition=condition,
            is_ad_hoc=is_ad_hoc,
        )
        check(webhook)
        return webhook

    def _checked(self, user: User, condition: WebhookCondition) -> WebhookCondition:
        """The condition with ids in place of names. Raises NotFound, and Invalid where it names nothing."""
        if condition == WebhookCondition():
            raise Invalid("invalid-input", "The 'condition' must name an actorId, an actorTaskId or an actorRunId")
        if condition.actor_run_id is not None:
            self._run(user, condition.actor_run_id)
        if condition.actor_task_id is not None:
            condition = replace(condition, actor_task_id=self._tasks.find(user, condition.actor_task_id).id)
        if condition.actor_id is not None:
            condition = replace(condition, actor_id=self._actors.find(user, condition.actor_id).id)
        return condition

    def _run(self, user: User, id: str) -> Run:
        run = self._store.runs.find("id = ? AND user_id = ?", id, user.id)
        if run is None:
            raise record_not_found("Run", id)
        return run

    def _of_key(self, user: User, key: str | None) -> Webhook:
        webhook = self._store.webhooks.find("user_id = ? AND idempotency_key = ?", user.id, key)
        if webhook is None:
            raise record_not_found("Webhook", str(key))
        return webhook

    def _hearing(self, event: WebhookEvent, record: Run | Build) -> list[Webhook]:
        run_id, task_id = (record.id, record.task_id) if isinstance(record, Run) else (None, None)
        found = self._store.webhooks.all("actor_id = ? OR run_id = ? OR task_id = ?", record.actor_id, run_id, task_id)
        return [each for each in found if each.user_id == record.user_id and event in each.event_types]

    def _sample(self, webhook: Webhook) -> Run | None:
        condition = webhook.condition
        return self._store.runs.find(
            "user_id = ? AND (id = ? OR actor_id = ? OR task_id = ?) ORDER BY started_at DESC",
            webhook.user_id,
            condition.actor_run_id,
            condition.actor_id,
            condition.actor_task_id,
        )

    def _dispatch(
        self,
        webhook: Webhook,
        event: WebhookEvent,
        occasion: str,
        record: Run | Build | None,
        resource: JsonDict | None,
    ) -> WebhookDispatch:
        now, data = self._clock.now(), event_data(record)
        values = templates.variables(webhook.user_id, event, data, resource, now)
        in_strings = webhook.should_interpolate_strings
        return WebhookDispatch(
            id=new_id(),
            user_id=webhook.user_id,
            webhook=webhook,
            created_at=now,
            event_type=event,
            occasion=occasion,
            event_data=data,
            payload=templates.payload(webhook.payload_template, values, in_strings=in_strings),
            headers=templates.headers(webhook.headers_template, values, in_strings=in_strings),
            next_call_at=now,
        )


def check(draft: WebhookDraft) -> None:
    """Raises Invalid where a template could not be filled in."""
    in_strings = draft.should_interpolate_strings
    if draft.payload_template:
        templates.check(draft.payload_template, in_strings=in_strings)
    if draft.headers_template:
        templates.check_headers(draft.headers_template, in_strings=in_strings)


def event_data(record: Run | Build | None) -> JsonDict | None:
    match record:
        case Run():
            task = {} if record.task_id is None else {"actorTaskId": record.task_id}
            return {"actorId": record.actor_id, **task, "actorRunId": record.id}
        case Build():
            return {"actorId": record.actor_id, "actorBuildId": record.id}
    return None


def _without(now: Run | Build, told: Run | Build) -> dict[str, WebhookEvent]:
    return {occasion: event for occasion, event in now.pending_events.items() if occasion not in told.pending_events}
