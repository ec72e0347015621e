from __future__ import annotations

import pytest

from tests.fakes.api import Api, problem


async def test_every_host_of_this_server_reaches_the_routes(api: Api) -> None:
    for host in ("localhost:3333", "127.0.0.1:3333", "[::1]:3333", "host.greenroom.internal:3333"):
        assert (await api.call("GET", "/v2/users/me", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/greenroom/web/{key}/", {}), ("/", {"Host": "{key}.runs.localhost:3333"})],
)
async def test_the_errors_for_unknown_starting_and_ended_web_servers(
    api: Api, path: str, headers: dict[str, str]
) -> None:
    async def answer(key: str) -> tuple[int, str]:
        given = {name: value.format(key=key) for name, value in headers.items()}
        return problem(await api.call("GET", path.format(key=key), headers=given, token=None))

    run = await api.start()
    assert await answer("0" * 25) == (404, "record-not-found")
    assert await answer(run.web_key) == (502, "run-not-started")
    await api.finish(run)
    assert await answer(run.web_key) == (502, "run-finished")


async def test_the_host_of_a_web_server_never_reaches_the_api(api: Api) -> None:
    run = await api.start()
    answer = await api.call("GET", "/v2/users/me", headers={"Host": f"{run.web_key}.runs.localhost:3333"})
    assert problem(answer) == (502, "run-not-started")


async def test_responses_are_json_in_the_platforms_envelope(api: Api) -> None:
    answer = await api.call("GET", "/v2/users/me")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json().keys() == {"data"}


@pytest.mark.parametrize(
    "path", ["/v2/acts/%00", "/v2/acts/a%0Ab", "/v2/acts/%F0%9F%8E%AD~x", "/v2/acts/..%2F..", "/v2/acts/%ff"]
)
async def test_unusual_paths_are_not_found(api: Api, path: str) -> None:
    assert problem(await api.call("GET", path))[0] == 404
