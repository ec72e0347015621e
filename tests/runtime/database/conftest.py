from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.database import Store
from tests.fakes.data_directory import with_database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(with_database(tmp_path))
    yield store
    store.close()
