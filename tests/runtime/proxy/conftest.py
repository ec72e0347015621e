from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from runtime.base.proxy_settings import ProxySettings
from tests.fakes.proxy import ProxyStage, proxying


@pytest.fixture
async def proxy() -> AsyncIterator[ProxyStage]:
    """A proxy that may reach this machine, except for the port of the API."""
    async with proxying(ProxySettings(allowed=frozenset({("127.0.0.1", None), ("localhost", None)}))) as stage:
        yield stage
