from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fakes.api import Api, problem


async def building(api: Api) -> dict[str, Any]:
    """A build that lasts until `api.engine.build_may_end` is set."""
    api.engine.build_may_end.clear()
    version = {"versionNumber": "0.0", "sourceFiles": [{"name": "Dockerfile", "format": "TEXT", "content": "FROM x"}]}
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    build: dict[str, Any] = await api.data("POST", "/v2/acts/~hello/builds?version=0.0")
    return build


async def test_a_build_reports_whether_its_image_exists(api: Api) -> None:
    build = await api.create_build(await api.create_actor(), "beta")
    assert (await api.data("GET", f"/v2/actor-builds/{build.id}"))["hasImage"] is True
    assert build.image is not None
    await api.engine.remove_image(build.image)
    assert (await api.data("GET", f"/v2/actor-builds/{build.id}"))["hasImage"] is False


async def test_waiting_for_a_build(api: Api) -> None:
    build = await building(api)
    assert build["finishedAt"] is None
    waiting = await api.start_call("GET", f"/v2/actor-builds/{build['id']}?waitForFinish=999999")
    assert not waiting.done()
    api.engine.build_may_end.set()
    shown = (await waiting).json()["data"]
    assert (shown["status"], shown["buildNumber"], shown["buildNumberInt"]) == ("SUCCEEDED", "0.0.1", 1)
    assert shown["stats"]["imageSizeBytes"] == 1 << 20


async def test_a_wait_for_a_build_ends_after_a_minute(api: Api) -> None:
    build = await building(api)
    waiting = await api.start_call("GET", f"/v2/actor-builds/{build['id']}?waitForFinish=60")
    await api.clock.advance(60)
    assert (await waiting).json()["data"]["finishedAt"] is None


async def test_a_live_build_is_aborted(api: Api) -> None:
    build = await building(api)
    aborted = await api.data("POST", f"/v2/actor-builds/{build['id']}/abort")
    assert aborted["status"] == "ABORTED"
    assert await api.data("POST", f"/v2/actor-builds/{build['id']}/abort") == aborted


async def test_only_a_finished_build_can_be_deleted(api: Api) -> None:
    build = await building(api)
    path = f"/v2/actor-builds/{build['id']}"
    assert problem(await api.call("DELETE", path)) == (400, "deleting-unfinished-build")
    await api.call("POST", f"{path}/abort")
    assert (await api.call("DELETE", path)).status_code == 204
    assert problem(await api.call("GET", path)) == (404, "record-not-found")


@pytest.mark.parametrize("query", ["", "?stream=1"])
async def test_the_log_of_a_build_is_streamed_until_its_end(api: Api, query: str) -> None:
    build = await building(api)
    following = asyncio.create_task(api.call("GET", f"/v2/actor-builds/{build['id']}/log?stream=1"))
    await api.clock.settle()
    assert not following.done()
    api.engine.build_may_end.set()
    text = (await following).text
    assert text.endswith("ACTOR: Build finished.\n")
    assert (await api.call("GET", f"/v2/logs/{build['id']}{query}")).text == text
