from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.api import Api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    api = Api(tmp_path)
    await api.open()
    yield api
    await api.close()


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[Api]:
    """Alice and Bob, each with a token of their own."""
    api = Api(tmp_path, users={"alices-key": "alice", "bobs-key": "bob"})
    await api.open()
    yield api
    await api.close()
