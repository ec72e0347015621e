from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.database import Database
from tests.fakes.data_directory import with_database
from tests.runtime.storages.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(with_database(tmp_path))
    yield database
    database.close()
