"""Webhooks: creating, finding, updating and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.clock import Clock
from runtime.base.errors import Invalid, record_not_found
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Run, Task, User, Webhook, WebhookCondition, WebhookDraft, new_id
from runtime.database import AlreadyExists, Database
from runtime.webhooks import templates


class Webhooks:
    """Every webhook belongs to a user. For other users it does not exist."""

    def __init__(self, database: Database, actors: Actors, tasks: Tasks, clock: Clock) -> None:
        self._database = database
        self._actors = actors
        self._tasks = tasks
        self._clock = clock

    async def create(
        self, user: User, draft: WebhookDraft, condition: WebhookCondition, *, is_ad_hoc: bool = False
    ) -> Webhook:
        """Store a webhook, or return the existing one with the same idempotency key. Raises Invalid, NotFound."""
        webhook = self._new(user, draft, self._resolved(user, condition), is_ad_hoc)
        try:
            return await self._database.webhooks.insert(webhook)
        except AlreadyExists:
            return self._by_idempotency_key(user, draft.idempotency_key)

    async def attach(self, user: User, run_id: str, drafts: tuple[WebhookDraft, ...]) -> None:
        """Store the ad hoc webhooks of a run that is about to be stored. Raises Invalid before storing any of them."""
        condition = WebhookCondition(actor_run_id=run_id)
        for webhook in [self._new(user, draft, condition, is_ad_hoc=True) for draft in drafts]:
            with suppress(AlreadyExists):  # the client repeated its request with the same idempotency key
                await self._database.webhooks.insert(webhook)

    def get(self, user: User, id: str) -> Webhook:
        """Raises NotFound, also for another user's webhook."""
        webhook = self._database.webhooks.get(id)
        if webhook is None or webhook.user_id != user.id:
            raise record_not_found("Webhook", id)
        return webhook

    def page(self, user: User, on: Actor | Task | None, paging: Paging) -> Page[Webhook]:
        """The user's webhooks, or their webhooks on one Actor or task."""
        return self._database.webhooks.page(user.id, on, paging)

    def ad_hoc_of_run(self, run: Run) -> list[Webhook]:
        """The ad hoc webhooks of a run."""
        return [each for each in self._database.webhooks.of_run(run.id) if each.is_ad_hoc]

    async def update(
        self, user: User, webhook: Webhook, fields: Mapping[str, Any], condition: WebhookCondition | None
    ) -> Webhook:
        """Set some fields. Existing dispatches do not change. Raises Invalid, NotFound."""
        resolved = webhook.condition if condition is None else self._resolved(user, condition)

        def updated(current: Webhook) -> Webhook:
            changed = replace(current, **fields, condition=resolved, modified_at=self._clock.now())
            check(changed)
            return changed

        record = await self._database.webhooks.update(webhook.id, updated)
        if record is None:
            raise record_not_found("Webhook", webhook.id)
        return record

    async def delete(self, webhook: Webhook) -> None:
        """Delete a webhook with its dispatches. Nothing more is sent for it."""
        await self._database.webhooks.delete(webhook.id)
        await self._database.dispatches.delete_of_webhook(webhook.id)

    async def delete_of_run(self, run_id: str) -> None:
        """Delete the webhooks of a run that is being deleted. Their unfinished dispatches are still sent."""
        await self._database.webhooks.delete_of_run(run_id)
        await self._database.dispatches.delete_finished_of_run(run_id)

    async def delete_of_missing_runs(self) -> None:
        """Delete the ad hoc webhooks of runs that do not exist: their start or deletion was interrupted."""
        await self._database.webhooks.delete_of_missing_runs()

    async def delete_of_actor(self, actor_id: str) -> None:
        """Delete the webhooks of an Actor that is being deleted, and of its tasks, which have already been deleted.

        Their unfinished dispatches are still sent.
        """
        await self._database.webhooks.delete_of_actor(actor_id)
        await self._database.webhooks.delete_of_missing_tasks()

    async def delete_of_task(self, task_id: str) -> None:
        """Delete the webhooks of a task that is being deleted. Their unfinished dispatches are still sent."""
        await self._database.webhooks.delete_of_task(task_id)

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

    def _resolved(self, user: User, condition: WebhookCondition) -> WebhookCondition:
        """The condition with ids instead of names. Raises NotFound, and Invalid for an empty condition.

        As on the platform, the run need not exist. A run of another user does not match the webhook.
        """
        if condition == WebhookCondition():
            raise Invalid("invalid-input", "The 'condition' must name an actorId, an actorTaskId or an actorRunId")
        if condition.actor_task_id is not None:
            condition = replace(condition, actor_task_id=self._tasks.find(user, condition.actor_task_id).id)
        if condition.actor_id is not None:
            condition = replace(condition, actor_id=self._actors.find(user, condition.actor_id).id)
        return condition

    def _by_idempotency_key(self, user: User, key: str | None) -> Webhook:
        webhook = self._database.webhooks.by_idempotency_key(user.id, key)
        if webhook is None:
            raise record_not_found("Webhook", str(key))
        return webhook


def check(draft: WebhookDraft) -> None:
    """Raises Invalid for a template that cannot be filled in."""
    in_strings = draft.should_interpolate_strings
    if draft.payload_template:
        templates.check(draft.payload_template, in_strings=in_strings)
    if draft.headers_template:
        templates.check_headers(draft.headers_template, in_strings=in_strings)
