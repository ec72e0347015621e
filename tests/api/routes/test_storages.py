"""Values that no client sends on purpose. Each is accepted or rejected, and none causes an unexpected error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.storage_app import serving
from tests.fakes.api import Api, problem
from tests.runtime.storages.hand_clock import HandClock

DEEP = b'{"a":' * 99_999
CUT = b'"\\ud800"'  # one half of a surrogate pair

LOCK = "request-queues/{}/head/lock?lockSecs="
PROLONG = "request-queues/{}/requests/x/lock?lockSecs="
BATCH = "request-queues/{}/requests/batch"
REQUEST = "request-queues/{}/requests"
RECORD = "key-value-stores/{}/records/"
HUGE = ("1e5", "1e13", "1e300")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, HandClock()) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        *(("POST", LOCK + secs, b"", 400) for secs in (*HUGE, "1e999", "nan", "-1")),
        *(("PUT", PROLONG + secs, b"", 400) for secs in HUGE),
        ("POST", LOCK + "86400", b"", 201),
        ("DELETE", BATCH, b'[{"id":%s}]' % CUT, 400),
        ("DELETE", BATCH, b'[{"uniqueKey":%s}]' % CUT, 200),
        ("DELETE", BATCH, b'[{"id":"\\u0000"}]', 200),
        ("DELETE", BATCH, b"[%s,%s" % (CUT, DEEP), 400),
        ("POST", BATCH, b'[{"uniqueKey":%s,"url":%s,%s:1}]' % (CUT, CUT, CUT), 201),
        ("POST", REQUEST, b'{"uniqueKey":"k","url":"u","retryCount":1e999}', 201),
        ("POST", REQUEST, b'{"uniqueKey":"k","url":"u","retryCount":%s}' % (b"9" * 99), 201),
        ("POST", REQUEST, b'{"uniqueKey":"k","url":"u","retryCount":%s}' % (b"9" * 9999), 400),
        ("POST", REQUEST, b'{"uniqueKey":%s,"url":%s' % (CUT, DEEP), 400),
        ("PUT", REQUEST + "/x", b'{"uniqueKey":"k","url":"u","id":%s}' % CUT, 400),
        ("GET", REQUEST + "?cursor=%ED%A0%80", b"", 200),
        ("GET", REQUEST + "?exclusiveStartId=%00", b"", 200),
        ("GET", REQUEST + "?limit=1e300", b"", 400),
        ("GET", REQUEST + "/%ED%A0%80", b"", 404),
        ("GET", "request-queues/{}/head?clientKey=%ED%A0%80", b"", 200),
        ("GET", "key-value-stores/{}/keys?exclusiveStartKey=%ED%A0%80&prefix=%00", b"", 200),
        ("PUT", RECORD + "%ED%A0%80", b"x", 400),
        ("GET", RECORD + "%00", b"", 400),
        ("POST", "datasets/{}/items", b"{%s:[%s,1e999]}" % (CUT, CUT), 201),
        ("POST", "datasets/{}/items", b"[%s,%s" % (CUT, DEEP), 400),
        ("GET", "datasets/{}/items?offset=9007199254740991&limit=9007199254740991&desc=1", b"", 200),
        ("GET", "datasets/{}/items?offset=1e300", b"", 400),
        ("GET", "datasets/{}/items?fields=%ED%A0%80,%00", b"", 200),
        ("GET", "datasets/%ED%A0%80~%00", b"", 404),
        ("POST", "datasets?name=%ED%A0%80", b"", 400),
        ("PUT", "datasets/{}", b'{"name":%s}' % CUT, 400),
        ("PUT", "datasets/{}", b'{"name":"a\\u0000"}', 400),
        ("PUT", "datasets/{}", b'{"generalAccess":{"a":[]}}', 400),
    ],
)
async def test_hostile_values(client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int) -> None:
    word = path.partition("/")[0].partition("?")[0]
    storage = f"/v2/{word}/{(await client.post(f'/v2/{word}')).json()['data']['id']}"
    answer = await client.request(method, f"/v2/{path.replace('{}', storage.rpartition('/')[2])}", content=body)
    assert answer.status_code == status, answer.text
    for rest in {"request-queues": ("/requests", "/head"), "datasets": ("/items?clean=1",)}.get(word, ("/keys",)):
        assert (await client.get(storage + rest)).status_code == 200


@pytest.mark.parametrize("kind", ["datasets", "key-value-stores", "request-queues"])
async def test_storages_are_found_by_their_name_without_regard_to_case(api: Api, kind: str) -> None:
    made = await api.data("POST", f"/v2/{kind}?name=Mixed-Case-1")
    other = await api.data("POST", f"/v2/{kind}?name=other")
    assert (await api.data("POST", f"/v2/{kind}?name=mixed-case-1"))["id"] == made["id"]
    found = await api.data("GET", f"/v2/{kind}/local~MIXED-case-1")
    assert (found["id"], found["name"]) == (made["id"], "Mixed-Case-1")
    taken = await api.call("PUT", f"/v2/{kind}/{other['id']}", json={"name": "mixed-CASE-1"})
    assert problem(taken) == (409, "name-not-unique")


@pytest.mark.parametrize("kind", ["datasets", "key-value-stores", "request-queues"])
async def test_a_list_repeats_whether_it_contains_unnamed_storages(api: Api, kind: str) -> None:
    for query, unnamed in (("", False), ("?unnamed=1", True), ("?unnamed=false", False)):
        assert (await api.data("GET", f"/v2/{kind}{query}"))["unnamed"] is unnamed


async def test_a_dataset_is_returned_with_the_fields_of_its_items(api: Api) -> None:
    dataset = await api.data("POST", "/v2/datasets?name=numbers")
    path = f"/v2/datasets/{dataset['id']}"
    assert (await api.data("GET", path))["fields"] == []
    await api.call("POST", f"{path}/items", json=[{"name": "x", "math": {"fibonacci": [1]}}])
    for _ in range(2):
        assert (await api.data("GET", path))["fields"] == ["name", "math/fibonacci/0"]
