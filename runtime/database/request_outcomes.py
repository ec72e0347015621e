"""The requests of a queue by their outcome: pending, locked, handled or failed.

A queue stores only whether a request is handled, and the libraries also handle what failed for good. Crawlee stores its
own state with each request: one that was handled while its error handler ran has failed. Without this state, a request
has failed if its error messages show that no attempt succeeded.
Source: `RequestState` and the handling of errors in Crawlee for JavaScript and Python.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

from runtime.base.clock import Millis
from runtime.base.records import RequestOutcome as Outcome
from runtime.database.sqlite_connection import SqliteConnection

ERROR_STATES = (5, 6)
"""Crawlee's ERROR_HANDLER and ERROR."""
MAX_PAGE_BYTES = 4_194_304
"""A page ends after the request with which it reaches this size."""


STATE = "json_extract(CAST(body AS TEXT), '$.userData.__crawlee.state')"
ERRORS = "coalesce(json_array_length(CAST(body AS TEXT), '$.errorMessages'), 0)"
RETRIES = (
    "coalesce(json_extract(CAST(body AS TEXT), '$.retryCount'), 0)"
    " + coalesce(json_extract(CAST(body AS TEXT), '$.userData.__crawlee.sessionRotationCount'), 0)"
)
OUTCOME = (
    f"CASE WHEN position IS NOT NULL THEN iif(coalesce(lock_expires_at, 0) > ?1, '{Outcome.LOCKED}',"
    f" '{Outcome.PENDING}') WHEN coalesce({STATE} IN {ERROR_STATES}, {ERRORS} > {RETRIES}) THEN '{Outcome.FAILED}'"
    f" ELSE '{Outcome.HANDLED}' END"
)


@dataclass(frozen=True, slots=True)
class RequestWithOutcome:
    """`body` is the request as JSON, as its client wrote it."""

    id: str
    outcome: Outcome
    body: bytes


@dataclass(frozen=True, slots=True)
class OutcomePage:
    requests: list[RequestWithOutcome]
    has_more: bool


MAX_LONG_READS = 2
"""How many callers may read a whole queue at the same time. The other readers of the database remain available."""


class RequestOutcomes:
    """Reads all requests of a queue in a thread. Nothing is counted as read by a client.

    A read ends soon after its caller is cancelled.
    """

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._long_reads = asyncio.Semaphore(MAX_LONG_READS)

    async def counts(self, queue_id: str, now: Millis) -> dict[Outcome, int]:
        """How many requests have each outcome."""
        query = f"SELECT {OUTCOME}, count(*) FROM requests WHERE queue_id = ?2 GROUP BY 1"
        async with self._long_reads:
            rows = await self._connection.query_in_thread(
                lambda connection: connection.execute(query, (now, queue_id)).fetchall()
            )
        return {outcome: dict(rows).get(outcome, 0) for outcome in Outcome}

    async def page(self, queue_id: str, outcome: Outcome | None, after: str, limit: int, now: Millis) -> OutcomePage:
        """Requests in the order of their ids, after an id. Without an outcome, requests with any outcome."""
        wanted = "1" if outcome is None else f"{OUTCOME} = ?5"
        query = (
            f"SELECT id, {OUTCOME}, body FROM requests WHERE queue_id = ?2 AND id > ?3 AND ({wanted}) ORDER BY id"
            " LIMIT ?4"
        )
        values = (now, queue_id, after, limit + 1, *([] if outcome is None else [outcome]))

        def read(connection: sqlite3.Connection) -> OutcomePage:
            found: list[RequestWithOutcome] = []
            size = 0
            for id, name, body in connection.execute(query, values):
                if len(found) == limit or size >= MAX_PAGE_BYTES:
                    return OutcomePage(found, has_more=True)
                found.append(RequestWithOutcome(id, Outcome(name), body))
                size += len(body)
            return OutcomePage(found, has_more=False)

        if outcome is None:
            return await self._connection.query_in_thread(read)
        async with self._long_reads:
            return await self._connection.query_in_thread(read)
