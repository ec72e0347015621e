"""How spliced connections share what they read in one iteration of the event loop."""

from __future__ import annotations

import asyncio

import pytest

from api.web_server.splice import MIN_READ_BYTES, READ_BYTES, SharedReads, shared_reads
from tests.api.web_server.proxy_stage import ProxyStage, connected, replying
from tests.api.web_server.web_sockets import SWITCHING, handshake

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("connections", "size"), [(0, READ_BYTES), (2, READ_BYTES // 2), (1000, MIN_READ_BYTES)])
async def test_with_many_connections_each_reads_less(connections: int, size: int) -> None:
    reads = SharedReads()
    reads.connections = connections
    assert len(reads.free) == size
    reads.free[:5] = b"hello"
    assert reads.take(5) == b"hello"


async def test_a_web_socket_counts_until_it_is_closed(stage: ProxyStage) -> None:
    before = shared_reads().connections
    async with replying(stage, SWITCHING + b"x" * 100_000):
        async with connected(stage) as (reader, writer):
            writer.write(handshake(stage))
            await reader.readexactly(len(SWITCHING) + 1)
            assert shared_reads().connections == before + 2
        async with asyncio.timeout(30):
            while shared_reads().connections > before:  # noqa: ASYNC110 (the task of the proxy ends unseen)
                await asyncio.sleep(0)
