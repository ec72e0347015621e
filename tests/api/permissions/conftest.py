from __future__ import annotations

import pytest

from runtime.base.records import Run
from tests.fakes.api import Api


@pytest.fixture
async def run(api: Api) -> Run:
    """A live run with limited permissions."""
    return await api.start(await api.create_actor("limited"))
