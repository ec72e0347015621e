from __future__ import annotations

import asyncio
import re

import pytest

from tests.fakes.api import Api

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [^\n]*\n")


@pytest.mark.parametrize("query", ["", "?stream=1", "?stream=true", "?raw=1", "?stream=1&raw=1", "?stream=0"])
async def test_the_log_of_an_ended_run_is_complete_plain_text(api: Api, query: str) -> None:
    run = await api.start()
    api.container_of(run).prints("hello", "grün 漢字", "")
    await api.finish(run)
    answer = await api.call("GET", f"/v2/logs/{run.id}{query}")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert LINE.sub("", answer.text) == ""
    assert [line.partition("Z ")[2] for line in answer.text.splitlines()][-3:] == ["hello", "grün 漢字", ""]


async def test_terminal_codes_are_only_in_the_raw_log(api: Api) -> None:
    run = await api.start()
    api.container_of(run).prints("\x1b[31mred\x1b[0m")
    await api.finish(run)
    assert (await api.call("GET", f"/v2/logs/{run.id}")).text.endswith("Z red\n")
    assert (await api.call("GET", f"/v2/logs/{run.id}?raw=1")).text.endswith("Z \x1b[31mred\x1b[0m\n")


@pytest.mark.parametrize("path", ["/v2/logs/{run}", "/v2/actor-runs/{run}/log", "/v2/acts/{actor}/runs/last/log"])
async def test_a_stream_ends_with_its_run_and_is_complete(api: Api, path: str) -> None:
    run = await api.start()
    address = path.format(run=run.id, actor=run.actor_id) + "?stream=1"
    following = [asyncio.create_task(api.call("GET", address)) for _ in range(3)]
    await api.clock.settle()
    api.container_of(run).prints("working")
    await api.clock.advance(1)
    assert not any(call.done() for call in following)
    api.container_of(run).prints("last words")
    await api.finish(run)
    whole = (await api.call("GET", f"/v2/logs/{run.id}")).text
    assert whole.endswith("Z last words\n")
    assert [(await call).text for call in following] == [whole] * 3


async def test_without_stream_a_live_log_ends_with_its_last_line(api: Api) -> None:
    run = await api.start()
    api.container_of(run).prints("so far")
    await api.clock.settle()
    assert (await api.call("GET", f"/v2/logs/{run.id}")).text.endswith("Z so far\n")


async def test_a_download_has_a_file_name(api: Api) -> None:
    run = await api.start()
    plain, download = [await api.call("GET", f"/v2/logs/{run.id}{query}") for query in ("", "?download=1")]
    assert [answer.headers["x-content-type-options"] for answer in (plain, download)] == ["nosniff"] * 2
    assert download.headers["content-disposition"] == f'attachment; filename="{run.id}.log"'
    assert "content-disposition" not in plain.headers
    assert download.text == plain.text


async def test_a_build_without_output_has_an_empty_log(api: Api) -> None:
    build = api.orchestrator.builds.resolve(await api.create_actor(), "latest")
    answer = await api.call("GET", f"/v2/logs/{build.id}")
    assert (answer.status_code, answer.content) == (200, b"")
