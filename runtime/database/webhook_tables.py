"""The tables of webhooks and their dispatches."""

from __future__ import annotations

from collections.abc import Callable

from runtime.base.clock import Millis
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Build, Run, Task, Webhook, WebhookDispatch
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import RecordCodec, Table

IS_FINISHED = "next_call_at IS NULL"
LAST_CALL_FINISHED_AT = "json_extract(body, '$.calls[#-1].finished_at')"


class WebhooksTable(Table[Webhook]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "webhooks", RecordCodec(Webhook))

    def by_idempotency_key(self, user_id: str, key: str | None) -> Webhook | None:
        return self._find("user_id = ? AND idempotency_key = ?", user_id, key)

    def of_run(self, run_id: str) -> list[Webhook]:
        return self._find_all("run_id = ?", run_id)

    def subscribed_to(self, job: Run | Build) -> list[Webhook]:
        """The webhooks on a run, on the task that it belongs to, or on the Actor of a run or build."""
        run_id, task_id = (job.id, job.task_id) if isinstance(job, Run) else (None, None)
        return self._find_all("actor_id = ? OR run_id = ? OR task_id = ?", job.actor_id, run_id, task_id)

    def page(self, user_id: str, on: Actor | Task | None, paging: Paging) -> Page[Webhook]:
        """A user's webhooks, or their webhooks on one Actor or task, in the order of their creation."""
        condition, values = "user_id = ?", [user_id]
        if on is not None:
            condition += " AND task_id = ?" if isinstance(on, Task) else " AND actor_id = ?"
            values.append(on.id)
        return self._page(condition, values, order_by="created_at", paging=paging)

    async def delete_of_run(self, run_id: str) -> None:
        await self._delete_where("run_id = ?", run_id)

    async def delete_of_missing_runs(self) -> None:
        """Delete the ad hoc webhooks of runs that do not exist. Any other webhook may have been created without one."""
        missing = "run_id IS NOT NULL AND run_id NOT IN (SELECT id FROM runs)"
        await self._delete_where(f"{missing} AND json_extract(body, '$.is_ad_hoc')")

    async def delete_of_actor(self, actor_id: str) -> None:
        await self._delete_where("actor_id = ?", actor_id)

    async def delete_of_task(self, task_id: str) -> None:
        await self._delete_where("task_id = ?", task_id)

    async def delete_of_missing_tasks(self) -> None:
        await self._delete_where("task_id IS NOT NULL AND task_id NOT IN (SELECT id FROM tasks)")


class DispatchesTable(Table[WebhookDispatch]):
    """Dispatches may use the reserve of a full disk: an event that has happened must not be lost or sent twice."""

    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "dispatches", RecordCodec(WebhookDispatch))

    async def insert(self, record: WebhookDispatch, *, may_use_reserve: bool = True) -> WebhookDispatch:
        return await super().insert(record, may_use_reserve=may_use_reserve)

    async def update(
        self, id: str, change: Callable[[WebhookDispatch], WebhookDispatch], *, may_use_reserve: bool = True
    ) -> WebhookDispatch | None:
        return await super().update(id, change, may_use_reserve=may_use_reserve)

    def due(self, now: Millis, limit: int) -> list[WebhookDispatch]:
        """The first dispatches whose next call is due, in the order of their due times."""
        return self._find_all("next_call_at <= ? ORDER BY next_call_at LIMIT ?", now, limit)

    def next_due_after(self, now: Millis) -> Millis | None:
        """The time of the first call after `now`."""
        dispatch = self._find("next_call_at > ? ORDER BY next_call_at", now)
        return None if dispatch is None else dispatch.next_call_at

    async def bring_forward(self, millis: Millis) -> None:
        """Let every pending call become due earlier by this time."""
        query = "UPDATE dispatches SET body = json_set(body, '$.next_call_at', next_call_at - ?) WHERE NOT ({})"
        await self._connection.write(lambda connection: connection.execute(query.format(IS_FINISHED), (millis,)))

    def page(self, user_id: str, webhook: Webhook | None, paging: Paging) -> Page[WebhookDispatch]:
        """The dispatches of all of a user's webhooks, or of one webhook, in the order of their creation."""
        condition, value = ("user_id = ?", user_id) if webhook is None else ("webhook_id = ?", webhook.id)
        return self._page(condition, [value], order_by="created_at", paging=paging)

    def page_of_run(self, user_id: str, run_id: str, paging: Paging) -> Page[WebhookDispatch]:
        """The dispatches of a user's webhooks for events of a run, in the order of their creation."""
        condition = "event_run_id = ? AND +user_id = ?"  # the index of the run has far fewer rows than the user's
        return self._page(condition, [run_id, user_id], order_by="created_at", paging=paging)

    async def delete_of_webhook(self, webhook_id: str) -> None:
        await self._delete_where("webhook_id = ?", webhook_id)

    async def delete_finished_of_run(self, run_id: str) -> None:
        """Delete the finished dispatches of the webhooks on a run. Unfinished dispatches remain."""
        await self._delete_where(f"run_id = ? AND {IS_FINISHED}", run_id)

    async def delete_finished_before(self, user_id: str, moment: Millis) -> None:
        await self._delete_where(f"user_id = ? AND {IS_FINISHED} AND {LAST_CALL_FINISHED_AT} < ?", user_id, moment)
