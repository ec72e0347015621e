from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.api.routes.test_greenroom import Socket
from tests.fakes.api import CONTROL_TOKEN, INFO, Api, problem
from tests.fakes.browser import BY_PAGE, BY_USER, WRITE_BY_PAGE, cookie_of

DAY_SECS = 86_400


async def signed_in(api: Api, token: str | None = None) -> dict[str, str]:
    """The headers of requests that a page sends after it has signed in."""
    answer = await api.call("POST", "/greenroom/session", token=None, headers=WRITE_BY_PAGE, json={"token": token})
    assert answer.status_code == 200, answer.text
    api.client.cookies.clear()
    return {**WRITE_BY_PAGE, **cookie_of(answer)}


async def signed_in_with_code(api: Api, page: str = "") -> httpx.Response:
    code = (await api.call("POST", "/greenroom/sign-in-codes", token=CONTROL_TOKEN)).json()["code"]
    answer = await redeem(api, code, page)
    api.client.cookies.clear()
    return answer


async def redeem(api: Api, code: str, page: str = "") -> httpx.Response:
    return await api.call("GET", f"/greenroom/sign-in?code={code}&page={quote(page)}", token=None, headers=BY_USER)


async def console_info(api: Api, headers: dict[str, str]) -> Any:
    answer = await api.call("GET", "/greenroom/console", token=None, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def test_the_console_shows_the_server_and_whose_session_it_has(api: Api) -> None:
    await api.start(memory_mbytes=512)
    info = await console_info(api, await signed_in(api))
    assert info == {
        "version": INFO.version,
        "apiUrl": INFO.api_url,
        "startedAt": INFO.started_at,
        "user": {"id": api.user.id, "username": "local"},
        "hasUsers": False,
        "isOperator": False,
        "engine": {
            "version": "28.0.0",
            "operatingSystem": "Linux",
            "disk": "polled",
            "memoryBytes": 8 * 2**30,
            "cpus": 2,
        },
        "memory": {"usedMbytes": 512, "limitMbytes": 16_384},
        "liveRuns": 0,
        "clockAheadSecs": 0,
        "retentionDays": 7,
        "proxyUrl": None,
    }
    await api.call("POST", "/greenroom/clock", token=CONTROL_TOKEN, json={"advanceSecs": 60})
    assert (await console_info(api, BY_PAGE)) == {
        **info,
        "user": None,
        "memory": None,
        "retentionDays": None,
        "clockAheadSecs": 60,
    }


async def test_a_server_with_users_requires_the_token_of_one_of_them(users: Api) -> None:
    run = await users.start()
    assert await console_info(users, BY_PAGE) == 401
    for token in (None, "", "guessed", run.token, CONTROL_TOKEN):
        answer = await users.call(
            "POST", "/greenroom/session", token=None, headers=WRITE_BY_PAGE, json={"token": token}
        )
        assert answer.status_code == 401 and "set-cookie" not in answer.headers, token
    info = await console_info(users, await signed_in(users, "bobs-key"))
    assert (info["user"]["username"], info["hasUsers"], info["isOperator"]) == ("bob", True, False)


async def test_a_page_of_another_origin_cannot_sign_a_browser_in(api: Api) -> None:
    for site, origin in (("cross-site", "https://evil.example"), ("same-site", "http://localhost:5173")):
        headers = {**WRITE_BY_PAGE, "Sec-Fetch-Site": site, "Origin": origin}
        answer = await api.call("POST", "/greenroom/session", token=None, headers=headers, json={})
        assert problem(answer) == (403, "origin-not-allowed")


async def test_a_sign_out_also_ends_copies_of_the_cookie_and_survives_a_restart(users: Api) -> None:
    first, second = await signed_in(users, "alices-key"), await signed_in(users, "alices-key")
    foreign = {**first, "Sec-Fetch-Site": "same-site", "Origin": "http://localhost:5173"}
    assert (await users.call("DELETE", "/greenroom/session", token=None, headers=foreign)).status_code == 403
    assert (await console_info(users, first))["user"]["username"] == "alice"
    answer = await users.call("DELETE", "/greenroom/session", token=None, headers=first)
    assert answer.status_code == 204 and "=; Max-Age=0;" in answer.headers["set-cookie"]
    for _ in range(2):
        assert await console_info(users, first) == 401
        assert (await console_info(users, second))["user"]["username"] == "alice"
        await users.restart_server()


async def test_a_session_expires(users: Api) -> None:
    headers = await signed_in(users, "alices-key")
    await users.restart_server(30 * DAY_SECS - 10)
    assert await console_info(users, headers) != 401
    await users.clock.advance(11)
    assert await console_info(users, headers) == 401


async def test_a_session_ends_when_the_tokens_of_its_user_change(tmp_path: Path) -> None:
    async def shown(headers: dict[str, str] | None, **tokens: str) -> Any:
        api = Api(tmp_path, users={token: name for name, token in tokens.items()})
        await api.open()
        try:
            return await (signed_in(api, "t1") if headers is None else console_info(api, headers))
        finally:
            await api.close()

    headers = await shown(None, alice="t1", bob="t2")
    assert (await shown(headers, alice="t1", bob="t3"))["user"]["username"] == "alice"
    assert await shown(headers, alice="t4", bob="t2") == 401
    assert await shown(headers, bob="t2") == 401
    assert (await shown(headers))["user"] is None


async def test_altered_and_invented_cookies_are_invalid(users: Api) -> None:
    headers = await signed_in(users, "alices-key")
    name, _, text = headers["Cookie"].partition("=")
    altered = [text[:place] + ("x" if text[place] != "x" else "y") + text[place:][1:] for place in (0, 70, 90, -1)]
    for invalid in (*altered, "", "x", "....", "a.b.c.d.e"):
        assert await console_info(users, {**headers, "Cookie": f"{name}={invalid}"}) == 401, invalid
    assert users.orchestrator.sessions.find("\xe9.a.1.user.alice") is None
    both = {**headers, "Cookie": f"{name}=x; {headers['Cookie']}"}
    assert (await console_info(users, both))["user"]["username"] == "alice"


async def test_a_code_signs_one_browser_in_as_the_operator(users: Api) -> None:
    for token in (None, "alices-key"):
        assert (await users.call("POST", "/greenroom/sign-in-codes", token=token)).status_code == 401
    code = (await users.call("POST", "/greenroom/sign-in-codes", token=CONTROL_TOKEN)).json()["code"]
    answer = await redeem(users, code, "/actors/runs/x#log")
    assert (answer.status_code, answer.headers["location"]) == (303, "/actors/runs/x#log")
    users.client.cookies.clear()
    headers = {**BY_PAGE, **cookie_of(answer)}
    info = await console_info(users, headers)
    assert (info["user"]["username"], info["isOperator"]) == ("alice", True)
    assert (await users.call("GET", "/greenroom/info", token=None, headers=headers)).status_code == 200
    assert (await redeem(users, code)).status_code == 410


async def test_the_operators_session_ends_with_the_server_and_after_a_day(api: Api) -> None:
    for restart, secs in ((True, 0), (False, DAY_SECS)):
        headers = {**BY_PAGE, **cookie_of(await signed_in_with_code(api))}
        assert (await console_info(api, headers))["isOperator"]
        await (api.restart_server() if restart else api.clock.advance(secs))
        assert (await api.call("GET", "/greenroom/info", token=None, headers=headers)).status_code == 401


async def test_a_code_expires(api: Api) -> None:
    code = (await api.call("POST", "/greenroom/sign-in-codes", token=CONTROL_TOKEN)).json()["code"]
    await api.clock.advance(5 * 60)
    answer = await redeem(api, code)
    assert answer.status_code == 410 and "set-cookie" not in answer.headers and "greenroom open" in answer.text


async def test_a_sign_in_leads_to_no_other_server(api: Api) -> None:
    for page in ("//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: y", "x"):
        assert (await signed_in_with_code(api, page)).headers["location"] == "/actors/runs"


async def test_the_operators_session_gives_no_access_to_local_files_tokens_and_containers(api: Api) -> None:
    run = await api.start()
    headers = {**WRITE_BY_PAGE, **cookie_of(await signed_in_with_code(api))}
    lowered = {name.lower(): value for name, value in headers.items()}
    actor = await api.create_actor("other")
    folder = {"versionNumber": "0.1", "sourceType": "SOURCE_FILES", "localFolder": "/"}
    for method, path, body, status in (
        ("GET", "/greenroom/info", None, 200),
        ("GET", "/greenroom/prune", None, 200),
        ("GET", "/greenroom/client-login", None, 401),
        ("POST", "/greenroom/sign-in-codes", None, 401),
        ("POST", "/greenroom/read-definition", folder, 401),
        ("PUT", f"/greenroom/actors/{actor.id}/dev-folder", {"folder": "/"}, 401),
        ("POST", f"/v2/acts/{actor.id}/versions", folder, 403),
        ("POST", f"/v2/acts/{actor.id}/runs?devFolder=1", None, 403),
        ("POST", f"/v2/acts/{actor.id}/runs?greenroomDebugPort=5678", None, 403),
    ):
        answer = await api.call(method, path, token=None, headers=headers, json=body)
        assert answer.status_code == status, (path, answer.text)
    socket = Socket(api, f"/greenroom/runs/{run.id}/shell", "localhost:3333", lowered)
    await socket.done
    assert socket.kinds == ["close"]
