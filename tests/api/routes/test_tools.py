from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.request.bodies import MAX_PAYLOAD_BYTES
from api.routes.tools import MAX_ENCODED_BYTES, MAX_OBJECT_BYTES
from tests.fakes.api import Api, problem

BROWSER_INFO, ENCODE, DECODE = "/v2/browser-info", "/v2/tools/encode-and-sign", "/v2/tools/decode-and-verify"


async def encode(api: Api, object: Any, token: str = "ann") -> str:
    return str((await api.data("POST", ENCODE, json=object, token=token))["encoded"])


async def decode(api: Api, encoded: Any) -> Any:
    return await api.call("POST", DECODE, json={"encoded": encoded}, token=None)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_browser_info_describes_the_request_without_an_envelope(api: Api, method: str) -> None:
    answer = await api.call(method, BROWSER_INFO, content="žluť", token=None, headers={"X-Test": "1"})
    info = answer.json()
    assert info.pop("headers")["x-test"] == "1"
    assert info == {"method": method, "clientIp": "127.0.0.1", "countryCode": None, "bodyLength": 6}


async def test_headers_can_be_left_out_or_listed_as_they_were_sent(api: Api) -> None:
    answer = await api.call("GET", f"{BROWSER_INFO}?skipHeaders=1&rawHeaders=true", headers={"X-Test": "1"})
    raw = answer.json()["rawHeaders"]
    assert "headers" not in answer.json()
    assert raw[[name.lower() for name in raw].index("x-test") + 1] == "1"
    other = (await api.call("GET", f"{BROWSER_INFO}?skipHeaders=no&rawHeaders=0")).json()
    assert "headers" in other and "rawHeaders" not in other


async def test_browser_info_counts_a_body_as_it_was_sent_up_to_the_limit(api: Api) -> None:
    answer = await api.call("POST", BROWSER_INFO, content=b"not gzip", headers={"Content-Encoding": "gzip"})
    assert answer.json()["bodyLength"] == len(b"not gzip")
    too_large = await api.call("POST", BROWSER_INFO, content=b"x" * (MAX_PAYLOAD_BYTES + 1))
    assert problem(too_large) == (413, "request-too-large")


async def test_other_methods_are_not_allowed(api: Api) -> None:
    assert problem(await api.call("PATCH", BROWSER_INFO)) == (405, "method-not-allowed")


@pytest.mark.parametrize("object", [{}, {"a": [1, {"b": None}], "ž\n": 10**20, "c": 0.1, "d": True}])
async def test_a_signed_object_is_decoded_with_its_user(api: Api, object: Any) -> None:
    answer = await decode(api, await encode(api, object))
    assert answer.json() == {"data": {"decoded": object, "encodedByUserId": api.user.id, "isVerifiedUser": False}}


async def test_an_altered_text_is_rejected(api: Api) -> None:
    encoded = await encode(api, {"amount": 1})
    envelope = json.loads(b64decode(encoded))
    first = envelope["signature"][0]
    alterations = (
        ("payload", "1", "2"),
        ("payload", api.user.id, "x"),
        ("signature", first, "1" if first == "0" else "0"),
    )
    for field, old, new in alterations:
        altered = json.dumps({**envelope, field: envelope[field].replace(old, new)}).encode()
        assert problem(await decode(api, b64encode(altered).decode())) == (400, "invalid-signature")
    for malformed in ("", "no base64!", b64encode(b"[]").decode(), b64encode(b'{"payload": 1}').decode(), encoded[:-8]):
        assert problem(await decode(api, malformed)) == (400, "invalid-value")


@pytest.mark.parametrize("body", [None, "[]", '"text"', "{", "1"])
async def test_only_objects_can_be_signed(api: Api, body: str | None) -> None:
    assert problem(await api.call("POST", ENCODE, content=body)) == (400, "invalid-request")


@pytest.mark.parametrize("body", [{}, {"encoded": None}])
async def test_the_text_to_decode_is_required(api: Api, body: Any) -> None:
    assert problem(await api.call("POST", DECODE, json=body)) == (400, "invalid-request")
    assert problem(await decode(api, 5)) == (400, "invalid-value")


async def test_the_largest_object_can_be_decoded_again(api: Api) -> None:
    quotes = '"' * ((MAX_OBJECT_BYTES - 8) // 2)  # each takes most space in the encoded text
    object = {"a": quotes}
    body = json.dumps(object, separators=(",", ":"))
    encoded = (await api.data("POST", ENCODE, content=body))["encoded"]
    assert len(encoded) < MAX_ENCODED_BYTES
    assert (await decode(api, encoded)).json()["data"]["decoded"] == object
    too_large = await api.call("POST", ENCODE, content=body + " " * MAX_OBJECT_BYTES)
    assert problem(too_large) == (413, "request-too-large")


@pytest.fixture
async def two_users(tmp_path: Path) -> AsyncIterator[Api]:
    api = Api(tmp_path, users={"ann": "ann", "bob": "bob"})
    await api.open()
    yield api
    await api.close()


async def test_everyone_can_verify_the_object_of_another_user(two_users: Api) -> None:
    encoded = await encode(two_users, {"n": 1}, token="bob")
    bob = two_users.orchestrator.users.by_username("bob")
    assert bob is not None
    assert (await decode(two_users, encoded)).json()["data"]["encodedByUserId"] == bob.id
    assert problem(await two_users.call("POST", ENCODE, json={}, token=None)) == (401, "token-not-provided")
