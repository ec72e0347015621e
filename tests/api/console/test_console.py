from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from api.console.console import BUILD
from api.console.document import document_of
from tests.fakes.api import CONTROL_TOKEN, Api, problem
from tests.fakes.browser import BY_USER, build_console, cookie_of

PAGES = (
    "/",
    "/actors/runs",
    "/actors/local~hello",
    "/storage/datasets/x",
    "/organization/x/actors",
    "/v20",
    "/unknown",
)
LOGIN = "/settings/integrations?localCliCommand=login"
PUBLIC = "public, max-age=31536000, immutable"


def directives(policy: str) -> dict[str, str]:
    return {name: values for name, _, values in (each.partition(" ") for each in policy.split("; "))}


@pytest.fixture
def built(api: Api) -> Api:
    build_console(api.console_build, "run()")
    return api


async def test_a_browser_gets_the_document_for_every_page(built: Api) -> None:
    for page in PAGES:
        answer = await built.call("GET", page, token=None, headers=BY_USER)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), page
        assert "<h1>console</h1>" in answer.text
    assert (await built.call("HEAD", "/", token=None, headers=BY_USER)).status_code == 200


async def test_the_api_answers_everything_else(built: Api) -> None:
    for method, path, accept, status in (
        ("GET", "/actors/runs", "*/*", 404),
        ("POST", "/actors/runs", "text/html", 404),
        ("GET", "/v2/missing", "text/html", 404),
        ("GET", "/v2/actors/x", "text/html", 401),
        ("GET", "/v2", "text/html", 404),
        ("GET", "/greenroom/missing", "text/html", 404),
        ("GET", f"/greenroom/web/{'0' * 25}/", "text/html", 404),
        ("GET", "/assets/missing.js", "text/html", 404),
    ):
        answer = await built.call(method, path, token=None, headers={"Accept": accept})
        assert problem(answer)[0] == status, path


async def test_the_host_of_a_web_server_gets_no_document(built: Api) -> None:
    """Its requests are forwarded before the application gets them."""
    answer = await built.call("GET", "/", headers={**BY_USER, "Host": "key.runs.localhost:3333"})
    assert problem(answer) == (403, "host-not-allowed")


async def test_the_policy_of_a_document_has_its_own_nonce_and_allows_only_the_consoles_scripts(built: Api) -> None:
    nonces = set()
    for _ in range(2):
        answer = await built.call("GET", "/", token=None, headers=BY_USER)
        policy = directives(answer.headers["content-security-policy"])
        [nonce] = set(re.findall(r'nonce="([\w-]+)"', answer.text))
        nonces.add(nonce)
        assert policy == {
            "default-src": "'none'",
            "script-src": "http://localhost:3333/assets/",
            "style-src": f"'self' 'nonce-{nonce}'",
            "img-src": "'self' data: blob:",
            "font-src": "'self'",
            "connect-src": "'self'",
            "frame-src": "'self' http://*.runs.localhost:3333",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
    assert len(nonces) == 2
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_policy_allows_the_scripts_inside_the_document_by_their_hashes() -> None:
    template = (
        '<script nonce="__CSP_NONCE__">\n  started()\n</script><script type="module" src="/assets/a.js"></script>'
    )
    _, headers = document_of(template, "localhost:3333", 3333, None)
    digest = base64.b64encode(hashlib.sha256(b"\n  started()\n").digest()).decode()
    allowed = directives(headers["Content-Security-Policy"])["script-src"]
    assert allowed == f"http://localhost:3333/assets/ 'sha256-{digest}'"


async def test_the_policy_cannot_name_an_ipv6_address(built: Api) -> None:
    answer = await built.call("GET", "/", token=None, headers={**BY_USER, "Host": "[::1]:3333"})
    assert directives(answer.headers["content-security-policy"])["script-src"] == "'self'"


async def test_only_the_login_of_the_apify_command_may_connect_to_another_port(built: Api) -> None:
    for path, allowed in (
        (f"{LOGIN}&localCliPort=54321&localCliToken=x", "'self' http://localhost:54321"),
        (f"{LOGIN}&localCliPort=65536", "'self'"),
        (f"{LOGIN}&localCliPort=0", "'self'"),
        (f"{LOGIN}&localCliPort=1%20evil.example", "'self'"),
        (f"{LOGIN}&localCliPort=1;script-src%20*", "'self'"),
        (f"{LOGIN}&localCliPort=%D9%A1", "'self'"),
        (f"{LOGIN}&localCliPort=1&localCliPort=2", "'self'"),
        ("/settings/integrations?localCliPort=54321", "'self'"),
        ("/actors/runs?localCliCommand=login&localCliPort=54321", "'self'"),
    ):
        answer = await built.call("GET", path, token=None, headers=BY_USER)
        policy = directives(answer.headers["content-security-policy"])
        assert (policy["connect-src"], len(policy)) == (allowed, 10), path


async def test_assets_never_change(built: Api) -> None:
    answer = await built.call("GET", "/assets/index-1.js", token=None)
    assert (answer.status_code, answer.text) == (200, "run()")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "text/javascript; charset=utf-8",
        PUBLIC,
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_names_of_assets_lead_to_no_other_file(built: Api) -> None:
    (built.console_build / "assets" / ".hidden").touch()
    for name in ("../index.html", "%2e%2e/index.html", "..%2findex.html", "a%00b", "", ".hidden", "x/"):
        answer = await built.call("GET", f"/assets/{name}", token=None)
        assert problem(answer) == (404, "page-not-found"), name


@pytest.mark.parametrize(("is_clone", "advice"), [(True, "<code>make console</code>"), (False, "with npm in the PATH")])
async def test_without_a_build_the_page_explains_how_to_get_one(api: Api, is_clone: bool, advice: str) -> None:
    if is_clone:
        api.console_build.parent.mkdir()
        (api.console_build.parent / "package.json").touch()
    answer = await api.call("GET", "/actors/runs", token=None, headers=BY_USER)
    assert answer.status_code == 503 and advice in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert problem(await api.call("GET", "/assets/index-1.js", token=None))[0] == 404
    build_console(api.console_build)
    assert (await api.call("GET", "/actors/runs", token=None, headers=BY_USER)).status_code == 200


async def test_a_user_who_opens_a_page_is_signed_in_as_the_local_user(built: Api) -> None:
    changes: tuple[tuple[dict[str, str], bool], ...] = (
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Host": "127.0.0.1:3333"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Dest": "iframe"}, False),
        ({"Sec-Fetch-Mode": "cors"}, False),
        ({"Host": "host.greenroom.internal:3333"}, False),
    )
    for change, is_signed_in in changes:
        answer = await built.call("GET", "/actors/runs", token=None, headers={**BY_USER, **change})
        built.client.cookies.clear()
        cookie = answer.headers.get("set-cookie")
        pattern = r"greenroom_session_3333=[\w.-]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
        assert re.fullmatch(pattern, cookie or "") if is_signed_in else cookie is None, change


async def test_a_session_is_renewed_in_its_second_half(built: Api) -> None:
    path, first = "/actors/runs", await built.call("GET", "/", token=None, headers=BY_USER)
    headers = {**BY_USER, **cookie_of(first)}
    built.client.cookies.clear()
    assert "set-cookie" not in (await built.call("GET", path, token=None, headers=headers)).headers
    await built.clock.advance(15 * 86_400 + 1)
    assert "set-cookie" in (await built.call("GET", path, token=None, headers=headers)).headers


async def test_the_operators_session_is_not_replaced(built: Api) -> None:
    code = (await built.call("POST", "/greenroom/sign-in-codes", token=CONTROL_TOKEN)).json()["code"]
    signed_in = await built.call("GET", f"/greenroom/sign-in?code={code}", token=None)
    headers = {**BY_USER, **cookie_of(signed_in)}
    built.client.cookies.clear()
    assert "set-cookie" not in (await built.call("GET", "/", token=None, headers=headers)).headers


async def test_a_server_with_users_signs_nobody_in_by_itself(users: Api) -> None:
    build_console(users.console_build)
    answer = await users.call("GET", "/actors/runs", token=None, headers=BY_USER)
    assert answer.status_code == 200 and "set-cookie" not in answer.headers


async def test_the_documentation_of_the_local_controls_has_its_own_policy(built: Api) -> None:
    answer = await built.call("GET", "/greenroom/docs", token=None, headers=BY_USER)
    assert "Greenroom's local controls" in answer.text.replace("&#x27;", "'")
    assert "script-src" not in answer.headers["content-security-policy"]


def test_the_build_is_beside_the_packages() -> None:
    assert Path(__file__).resolve().parents[3] / "console" / "dist" == BUILD
