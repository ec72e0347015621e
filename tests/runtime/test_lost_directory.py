"""A database that another process has locked, and a data directory that is taken away while the server runs."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.retry import LONGEST_PAUSE_SECS
from runtime.database import sqlite_connection
from tests.fakes.api import Api, problem

OUTAGE_SECS = 20
BIG = b"x" * 100_000
"""A value that is stored as a file."""
Fault = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(sqlite_connection, "LOCK_TIMEOUT_SECS", 0.01)
    (tmp_path / "data").mkdir()
    api = Api(tmp_path / "data")
    await api.open()
    yield api
    await api.close()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a writer, as `sqlite3` does in a transaction."""
    other = sqlite3.connect(folder / "greenroom.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def moved(folder: Path) -> Iterator[None]:
    away = folder.with_name("away")
    folder.rename(away)
    try:
        yield
    finally:
        away.rename(folder)


@contextmanager
def replaced(folder: Path) -> Iterator[None]:
    """Put another directory in its place, such as a backup."""
    with moved(folder):
        shutil.copytree(folder.with_name("away"), folder)
        try:
            yield
        finally:
            shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("fault", "reason"), [(locked, "Another process has locked the database"), (moved, "moved"), (replaced, "replaced")]
)
async def test_writes_are_rejected_with_the_reason_and_runs_continue(
    api: Api, tmp_path: Path, fault: Fault, reason: str
) -> None:
    ended, live = await api.start(), await api.start()
    items = f"/v2/datasets/{live.default_dataset_id}/items"
    await api.call("POST", items, json={"a": 1})
    with fault(tmp_path / "data"):
        for method, path, body in (
            ("POST", items, b'{"a": 2}'),
            ("POST", "/v2/datasets?name=new", b""),
            ("PUT", f"/v2/key-value-stores/{live.default_key_value_store_id}/records/big", BIG),
        ):
            response = await api.call(method, path, content=body, headers={"Content-Type": "application/json"})
            assert problem(response) == (507, "insufficient-storage"), path
            assert reason in response.json()["error"]["message"]
        assert len((await api.call("GET", items)).json()) == 1
        api.container_of(ended).prints("last line")
        await api.finish(ended, 0)
        await api.clock.advance(OUTAGE_SECS)
        assert api.container_of(live).is_running
    await api.clock.advance(2 * LONGEST_PAUSE_SECS)
    assert api.current(ended).status is JobStatus.SUCCEEDED
    assert (await api.log_of(ended.id))[-1] == "last line"
    assert api.current(live).status is JobStatus.RUNNING
    assert (await api.call("POST", items, json={"a": 3})).status_code == 201
    assert [item["a"] for item in (await api.call("GET", items)).json()] == [1, 3]
