"""The server is repeatedly killed while clients write: acknowledged writes exist, and none is incomplete."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from testing.api_client import TOKEN
from testing.live_server import LiveServer
from tests.kills.contents import Contents, make
from tests.soak.leftovers import orphans

KILLS = int(os.environ.get("GREENROOM_KILLS", "5"))
SEED = int(os.environ.get("GREENROOM_KILLS_SEED") or random.randrange(1_000_000))
"""`make kills` sets more kills. The seed determines the writes and the kills, but not the timing."""
WRITERS = 2
"""The number of writers per storage."""
LONGEST_LIFE_SECS = 1.0
INCONSISTENCIES = {
    "items": "SELECT id FROM datasets WHERE item_count <> "
    "(SELECT coalesce(sum(count), 0) FROM pushes WHERE dataset_id = datasets.id)",
    "bytes of items": "SELECT id FROM datasets WHERE stored_bytes <> "
    "(SELECT coalesce(sum(length(items)), 0) FROM pushes WHERE dataset_id = datasets.id)",
    "gaps between pushes": "SELECT dataset_id FROM pushes WHERE first <> (SELECT coalesce(sum(count), 0) "
    "FROM pushes before WHERE before.dataset_id = pushes.dataset_id AND before.first < pushes.first)",
    "bytes of records": "SELECT id FROM key_value_stores WHERE stored_bytes <> "
    "(SELECT coalesce(sum(size), 0) FROM records WHERE store_id = key_value_stores.id)",
    "sizes of records": "SELECT key FROM records WHERE body IS NOT NULL AND size <> length(body)",
}

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120 + 20 * KILLS)]


def test_acknowledged_writes_survive(own_server: LiveServer) -> None:
    print(f"seed {SEED}: {KILLS} kills")
    chance = random.Random(SEED)
    written: list[Contents] = []
    for number in range(KILLS):
        contents = make(own_server.http)
        write_until_killed(own_server, contents, chance)
        if chance.random() < 0.25:
            own_server.begin_to_start()
            time.sleep(chance.uniform(0, LONGEST_LIFE_SECS))
            own_server.kill()
        own_server.start()
        found = inconsistencies(own_server.data_dir)
        assert found == {}, f"seed {SEED}, kill {number}: {found}"
        check(own_server, contents, f"seed {SEED}, kill {number}")
        written += contents
    check(own_server, written, f"seed {SEED}, at the end")
    assert "Traceback" not in own_server.log(), own_server.log()


def write_until_killed(server: LiveServer, contents: list[Contents], chance: random.Random) -> None:
    with ThreadPoolExecutor(WRITERS * len(contents)) as threads:
        writing = [
            threads.submit(write, server.url, each, random.Random(chance.random()), writer)
            for each in contents
            for writer in range(WRITERS)
        ]
        time.sleep(chance.uniform(0.05, LONGEST_LIFE_SECS))
        server.kill()
    for writer in writing:
        writer.result()


def write(url: str, contents: Contents, chance: random.Random, writer: int) -> None:
    """Make one call after another until the server does not respond."""
    authorization = {"Authorization": f"Bearer {TOKEN}"}
    with (
        httpx.Client(base_url=url, headers=authorization, timeout=60, trust_env=False) as http,
        suppress(httpx.TransportError),
    ):
        while True:
            contents.work(http, chance, writer)


def check(server: LiveServer, contents: list[Contents], when: str) -> None:
    for each in contents:
        try:
            each.check(server.http)
        except AssertionError as problem:
            raise AssertionError(f"{when}: {type(each).__name__}: {problem}") from problem


def inconsistencies(data_dir: Path) -> dict[str, list[str]]:
    """Return inconsistent rows, rows and files that belong to nothing, and files whose size differs from their row."""
    with closing(sqlite3.connect(f"file:{data_dir / 'greenroom.db'}?mode=ro", uri=True)) as connection:
        found = {what: [row[0] for row in connection.execute(query)] for what, query in INCONSISTENCIES.items()}
        files = connection.execute("SELECT file, size FROM records WHERE file IS NOT NULL").fetchall()
    values = data_dir / "values"
    found["sizes of values"] = [name for name, size in files if (values / name).stat().st_size != size]
    return {**orphans(data_dir), **{what: ids for what, ids in found.items() if ids}}
