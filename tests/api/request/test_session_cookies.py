"""For which requests the cookie of a session counts. tests/clients/test_console_attacks.py uses a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.request.session_cookies import without_sessions
from tests.fakes.api import Api, problem
from tests.fakes.browser import BY_PAGE, BY_USER, ORIGIN, WRITE_BY_PAGE, cookie_of

READ, WRITE = ("GET", "/v2/users/me"), ("POST", "/v2/datasets")
SAME_SITE = {**WRITE_BY_PAGE, "Sec-Fetch-Site": "same-site", "Origin": "http://localhost:5173"}
CROSS_SITE = {**WRITE_BY_PAGE, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
SANDBOXED = {**WRITE_BY_PAGE, "Sec-Fetch-Site": "cross-site", "Origin": "null"}
WITHOUT_METADATA: dict[str, str] = {}


async def session(api: Api, token: str | None = None) -> dict[str, str]:
    answer = await api.call("POST", "/greenroom/session", token=None, headers=WRITE_BY_PAGE, json={"token": token})
    assert answer.status_code == 200, answer.text
    api.client.cookies.clear()
    return cookie_of(answer)


CASES: tuple[tuple[tuple[str, str], dict[str, str], int], ...] = (
    (READ, BY_PAGE, 200),
    (READ, BY_USER, 200),
    (WRITE, WRITE_BY_PAGE, 201),
    (READ, SAME_SITE, 401),
    (READ, CROSS_SITE, 401),
    (READ, SANDBOXED, 401),
    (READ, WITHOUT_METADATA, 401),
    (READ, {**BY_USER, "Sec-Fetch-Mode": "no-cors"}, 401),
    (WRITE, WITHOUT_METADATA, 401),
    (WRITE, {"Origin": ORIGIN}, 401),
    (WRITE, BY_PAGE, 401),
    (WRITE, {**WRITE_BY_PAGE, "Origin": "http://127.0.0.1:3333"}, 401),
    (WRITE, {**BY_USER, "Origin": ORIGIN}, 401),
    (WRITE, SAME_SITE, 403),
    (WRITE, CROSS_SITE, 403),
    (WRITE, SANDBOXED, 403),
    (("GET", "/v2/datasets?method=POST"), BY_PAGE, 401),
    (("GET", "/v2/datasets?method=POST"), BY_USER, 401),
    (("GET", "/v2/acts/x/run-sync"), BY_PAGE, 401),
    (("GET", "/v2/acts/x/run-sync"), BY_USER, 401),
)


async def test_a_cookie_counts_for_requests_of_its_own_origin_only(api: Api) -> None:
    cookie = await session(api)
    for (method, path), headers, status in CASES:
        answer = await api.call(method, path, token=None, headers={**headers, **cookie})
        assert answer.status_code == status, (method, path, headers)


async def test_a_request_with_credentials_of_its_own_never_uses_the_cookie(users: Api) -> None:
    headers = {**BY_PAGE, **await session(users, "alices-key")}
    for path, token in (("/v2/users/me?token={}", None), ("/v2/users/me", "{}")):
        for given, status in (("bobs-key", 200), ("guessed", 401)):
            answer = await users.call("GET", path.format(given), token=token and token.format(given), headers=headers)
            assert answer.status_code == status and "alice" not in answer.text
    answer = await users.call("GET", "/v2/users/me", token=None, headers={**headers, "Authorization": "Basic YTpi"})
    assert problem(answer) == (401, "token-not-provided")


async def test_a_request_with_a_cookie_counts_for_the_rate_limit_of_its_user(tmp_path: Path) -> None:
    api = Api(tmp_path, users={"alices-key": "alice"}, rate_limit=1)
    await api.open()
    headers = {**BY_PAGE, **await session(api, "alices-key")}
    answers = [await api.call("GET", "/v2/users/me", token=None, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    await api.close()


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        (b"greenroom_session_3333=x", b""),
        (b"a=1; greenroom_session_3333=x;greenroom_session_4000=y; b=2", b"a=1; b=2"),
        (b"a=greenroom_session_3333", b"a=greenroom_session_3333"),
    ],
)
def test_cookies_without_sessions(cookie: bytes, expected: bytes) -> None:
    assert without_sessions(cookie) == expected
