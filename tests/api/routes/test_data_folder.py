"""/greenroom/data-folder: the size of the data directory."""

from __future__ import annotations

from tests.fakes.api import Api
from tests.fakes.event_stream import listen


async def test_the_size_is_measured_when_somebody_requests_it(api: Api) -> None:
    client = await listen(api, "server")
    await api.clock.advance(0.2)
    assert client.named("server")[-1]["dataFolderBytes"] is None
    shown = (await api.call("GET", "/greenroom/data-folder")).json()
    database = api.settings.data_dir / "greenroom.db"
    assert shown["sizeBytes"] >= database.stat().st_blocks * 512 > 0
    assert shown["measuredAt"] is not None
    await api.clock.advance(2.2)
    assert client.named("server")[-1]["dataFolderBytes"] == shown["sizeBytes"]
    await client.close()
