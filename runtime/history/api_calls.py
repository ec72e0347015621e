"""The calls that a run made to the API with its token: exact counts for each operation, and the last calls in full.

A call costs the request only an entry in a list. Every few seconds, the entries are counted, masked and stored in
another thread, all of a run in one write. So a server that is killed loses the calls of a few seconds. The last block
of a run is stored again while it grows, and each block holds the counts of all calls until its end.
"""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from runtime.base.background import exhaust, in_background
from runtime.base.clock import Clock, Millis
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.database.run_blocks import RunBlocksTable, StoredBlock
from runtime.jobs.logs import Logs

log = logging.getLogger("greenroom.api")

STORE_SECS = 2.0
"""The calls of this time are lost if the server is killed."""
RECENT_CALLS = 5000
"""The last calls of a run that are stored in full, and at most one block more."""
BLOCK_CALLS = 500
"""The calls of a complete block."""
COMPRESSION = 2
"""A higher level takes three times as long, and saves a fifth."""
STEP_CALLS = 100
"""The calls that are counted and masked in one step, which takes a moment."""
MAX_WAITING_BLOCKS = RECENT_CALLS // BLOCK_CALLS
MAX_SERIES = 200
"""The most runs whose open blocks are in memory. Those of other runs are read again."""
MAX_CHARS = 500
"""A longer path or query is cut."""
SEPARATOR = "\0"
"""A character that no secret contains."""
SECRET_PARAMETERS = re.compile(r"(?i)(?:^|&)token=[^&]*")
MASKED_PARAMETERS = re.compile(r"(?i)((?:^|&)[^=&]*(?:signature|secret|password|apikey|api_key)[^=&]*=)[^&]+")
MASK = r"\1[REDACTED]"


class ApiCall(NamedTuple):
    """A call. `status` is None if the client disconnected before the response. Sizes are those of the bodies.

    `micros` is the time from the request to the end of the response. `operation` is the method and the path of the
    route, or `other` if no route was reached.
    """

    at: Millis
    method: str
    path: str
    query: str
    status: int | None
    micros: int
    request_bytes: int
    response_bytes: int
    operation: str


@dataclass(slots=True)
class Use:
    """What all calls of an operation took. `errors` counts those without a status below 400."""

    calls: int = 0
    errors: int = 0
    micros: int = 0
    request_bytes: int = 0
    response_bytes: int = 0

    def add(self, call: ApiCall) -> None:
        self.calls += 1
        self.errors += call.status is None or call.status >= 400
        self.micros += call.micros
        self.request_bytes += call.request_bytes
        self.response_bytes += call.response_bytes


@dataclass(slots=True)
class CallHistory:
    """The calls of a run: what all took, by operation, and the last ones, oldest first."""

    operations: dict[str, Use] = field(default_factory=dict)
    calls: list[ApiCall] = field(default_factory=list)


class _Content(msgspec.Struct):
    """The content of a block."""

    operations: dict[str, Use]
    calls: list[ApiCall]


@dataclass(slots=True)
class _Series:
    """The open block of a run, whose first call has this position, and blocks before it that could not be stored."""

    redact: Callable[[str], str] = str
    position: int = 0
    operations: dict[str, Use] = field(default_factory=dict)
    calls: list[ApiCall] = field(default_factory=list)
    waiting: list[StoredBlock] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.position + len(self.calls)

    def add(self, calls: Sequence[ApiCall]) -> None:
        """Count and mask at most STEP_CALLS calls."""
        self.calls += _masked(calls, self.redact)
        for call in calls:
            use = self.operations.get(call.operation)
            if use is None:
                use = self.operations[call.operation] = Use()
            use.add(call)
        if len(self.calls) >= BLOCK_CALLS:
            self.waiting = [*self.waiting, self.block()][-MAX_WAITING_BLOCKS:]
            self.position, self.calls = self.end, []

    def block(self) -> StoredBlock:
        content = msgspec.json.encode(_Content(self.operations, self.calls))
        return StoredBlock(self.position, len(self.calls), zlib.compress(content, COMPRESSION))

    def unstored_blocks(self) -> list[StoredBlock]:
        return [*self.waiting, self.block()] if self.calls or not self.waiting else self.waiting


class ApiCalls:
    """The API calls of all runs."""

    def __init__(self, table: RunBlocksTable, logs: Logs, clock: Clock) -> None:
        self._table = table
        self._logs = logs
        self._clock = clock
        self._new: list[tuple[str, ApiCall]] = []
        self._redactors: dict[str, Callable[[str], str]] = {}
        self._unstored: set[str] = set()
        self._series: OrderedDict[str, _Series] = OrderedDict()
        self._storing = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None

    def add(self, run_id: str, call: ApiCall) -> None:
        """Add a call that has ended."""
        self._new.append((run_id, call))
        if run_id not in self._redactors:  # only now: the log knows the secrets until the run ends
            self._redactors[run_id] = self._logs.redactor(run_id)
        if self._timer is None:
            self._start_timer()

    async def of_run(self, run_id: str) -> CallHistory:
        """The calls of a run until now."""
        await self.store()
        series = self._series.get(run_id)
        blocks = self._table.blocks(run_id)
        if series is not None and series.waiting:  # the disk is full
            blocks = [*(each for each in blocks if each.position < series.waiting[0].position), *series.waiting]
            blocks.append(series.block())
        history = CallHistory()
        await exhaust(_read(blocks, history))
        return history

    async def forget(self, run_id: str) -> None:
        """Drop the calls of a run that are not stored yet."""
        async with self._storing:
            self._new = [each for each in self._new if each[0] != run_id]
            self._series.pop(run_id, None)
            self._unstored.discard(run_id)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.store()

    async def store(self) -> None:
        """Store all calls that are not stored yet. If that fails, they are stored with the next ones."""
        async with self._storing:
            new, self._new = self._new, []
            redactors, self._redactors = self._redactors, {}
            by_run: dict[str, list[ApiCall]] = {run_id: [] for run_id in self._unstored}
            for run_id, call in new:
                by_run.setdefault(run_id, []).append(call)
            for run_id, calls in by_run.items():
                await self._store_calls(run_id, calls, redactors.get(run_id, str))
            for run_id in [each for each in self._series if each not in self._unstored][:-MAX_SERIES]:
                del self._series[run_id]

    def _start_timer(self) -> None:
        self._timer = asyncio.create_task(self._store_later(), name="API calls")

    async def _store_later(self) -> None:
        await self._clock.sleep(STORE_SECS)
        self._timer = None
        await self.store()
        if self._unstored:
            self._start_timer()

    async def _store_calls(self, run_id: str, calls: Sequence[ApiCall], redact: Callable[[str], str]) -> None:
        try:
            series = await self._series_of(run_id)
            series.redact = series.redact if redact is str else redact
            await exhaust(_add_all(series, calls))
            self._unstored.add(run_id)
            blocks = await in_background(series.unstored_blocks)
            await self._table.store(run_id, blocks, delete_before=series.end - RECENT_CALLS)
        except STORAGE_ERRORS as problem:
            log.warning("The API calls of run %s could not be stored: %s", run_id, problem)
        else:
            series.waiting = []
            self._unstored.discard(run_id)

    async def _series_of(self, run_id: str) -> _Series:
        """The series of a run, which continues what is stored. Raises StorageUnavailable."""
        if run_id not in self._series:
            last = self._table.last_block(run_id)
            self._series[run_id] = await in_background(partial(_open, last))
        self._series.move_to_end(run_id)
        return self._series[run_id]


def _open(last: StoredBlock | None) -> _Series:
    """The series that continues the last stored block of a run."""
    if last is None:
        return _Series()
    content = _decode(last)
    if last.samples >= BLOCK_CALLS:
        return _Series(position=last.end, operations=content.operations)
    return _Series(position=last.position, operations=content.operations, calls=content.calls)


def _add_all(series: _Series, calls: Sequence[ApiCall]) -> Iterator[Sequence[ApiCall]]:
    for start in range(0, len(calls), STEP_CALLS):
        series.add(calls[start : start + STEP_CALLS])
        yield calls[start : start + STEP_CALLS]


def _read(blocks: Iterable[StoredBlock], history: CallHistory) -> Iterator[bytes]:
    for block in blocks:
        content = _decode(block)
        history.operations = content.operations
        history.calls += content.calls
        yield block.content


def _decode(block: StoredBlock) -> _Content:
    return msgspec.json.decode(zlib.decompress(block.content), type=_Content)


def _masked(calls: Sequence[ApiCall], redact: Callable[[str], str]) -> Iterator[ApiCall]:
    """The calls without tokens and secrets, and with readable paths. One redaction of all texts is faster than many."""
    texts = [text for call in calls for text in (_readable(call.path), _readable(_masked_query(call.query)))]
    redacted = redact(SEPARATOR.join(texts)).split(SEPARATOR)
    for call, path, query in zip(calls, redacted[::2], redacted[1::2], strict=True):
        yield ApiCall(call.at, call.method, path[:MAX_CHARS], query[:MAX_CHARS], *call[4:])


def _masked_query(query: str) -> str:
    return MASKED_PARAMETERS.sub(MASK, SECRET_PARAMETERS.sub("", query)).lstrip("&") if query else query


def _readable(text: str) -> str:
    """The text without percent-encoding, and without the separator."""
    return unquote(text).replace(SEPARATOR, "") if "%" in text else text
