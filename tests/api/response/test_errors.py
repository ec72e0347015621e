"""The table of errors: a request in each row, with the status and the slug that clients get."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import pytest_asyncio

from api.request.bodies import MAX_PAYLOAD_BYTES
from api.response.errors import STATUSES
from runtime.base import errors
from tests.fakes.api import CONTROL_TOKEN, Api, problem
from tests.fakes.storage_faults import StorageFault

JSON = {"Content-Type": "application/json"}
START = "/v2/acts/{actor}/runs"
BOMB = b"\0" * (MAX_PAYLOAD_BYTES + 1)
GZIP = {"Content-Encoding": "gzip"}


def row(method: str, path: str, status: int, slug: str, **given: Any) -> tuple[str, str, dict[str, Any], int, str]:
    return method, path, given, status, slug


def encoded(encoding: str, body: bytes) -> dict[str, Any]:
    packed = gzip.compress(body) if encoding == "gzip" else brotli.compress(body, quality=1)
    return {"content": packed, "headers": {**JSON, "Content-Encoding": encoding}}


ROWS = [
    # 400: parameters
    row("GET", "/v2/acts?limit=ten", 400, "invalid-parameter"),
    row("GET", "/v2/acts?limit=-1", 400, "invalid-parameter"),
    row("GET", "/v2/acts?limit=1.5", 400, "invalid-parameter"),
    row("GET", "/v2/acts?limit=nan", 400, "invalid-parameter"),
    row("GET", "/v2/acts?offset=1e300", 400, "invalid-parameter"),
    row("GET", "/v2/acts?desc=maybe", 400, "invalid-parameter"),
    row("GET", "/v2/acts?sortBy=name", 400, "invalid-parameter"),
    row("GET", "/v2/acts?method=BREW", 400, "invalid-parameter"),
    row("GET", "/v2/actor-runs?startedAfter=yesterday", 400, "invalid-parameter"),
    row("GET", "/v2/actor-runs/{live}?waitForFinish=soon", 400, "invalid-parameter"),
    row("GET", "/v2/logs/{live}?raw=2", 400, "invalid-parameter"),
    row("POST", "/greenroom/shutdown?stopRuns=maybe", 400, "invalid-parameter", token=CONTROL_TOKEN),
    row("POST", "/v2/acts/{actor}/builds", 400, "parameter-required"),
    row("POST", f"{START}?memory=lots", 400, "invalid-input"),
    row("POST", f"{START}?memory=0", 400, "invalid-input"),
    row("POST", f"{START}?memory=-256", 400, "invalid-input"),
    row("POST", f"{START}?timeout=-1", 400, "invalid-input"),
    row("POST", f"{START}?timeout=1e12", 400, "invalid-input"),
    row("POST", f"{START}?maxItems=1.5", 400, "invalid-input"),
    row("POST", f"{START}?maxItems=0", 400, "max-items-must-be-greater-than-zero"),
    row("POST", f"{START}?maxTotalChargeUsd=0", 400, "max-total-charge-usd-must-be-greater-than-zero"),
    row("POST", f"{START}?restartOnError=perhaps", 400, "invalid-input"),
    row("POST", f"{START}?build=nightly", 400, "unknown-build-tag"),
    row("POST", f"{START}?forcePermissionLevel=ALL", 400, "invalid-value"),
    row("POST", f"{START}?webhooks=%23%23", 400, "invalid-input"),
    row("POST", f"{START}?webhooks=%C3%BC", 400, "invalid-input"),
    row("POST", f"{START}?webhooks=e30=", 400, "invalid-input"),
    row("POST", f"{START}?webhooks=W3t9XQ==", 400, "invalid-input"),
    # 400: bodies
    row("POST", "/v2/acts", 400, "invalid-request", content=b"{"),
    row("POST", "/v2/acts", 400, "invalid-request", content=b"\xff"),
    row("POST", "/v2/acts", 400, "invalid-request", json=[]),
    row("POST", "/v2/acts", 400, "invalid-request", content=b"no gzip", headers=GZIP),
    row("POST", "/v2/acts", 400, "invalid-request", content=gzip.compress(b"{}")[:-4], headers=GZIP),
    row("POST", "/v2/acts", 400, "invalid-request", content=b"no br", headers={"Content-Encoding": "br"}),
    row("POST", "/v2/acts", 400, "invalid-value", json={"name": "a b c"}),
    row("POST", "/v2/acts", 400, "invalid-value", json={"name": 5}),
    row("POST", "/v2/acts", 400, "invalid-value", json={"versions": [{}]}),
    row("POST", "/v2/acts", 400, "invalid-value", json={"versions": {"a": 1}}),
    row("POST", "/v2/acts", 400, "invalid-value", json={"defaultRunOptions": {"memoryMbytes": -1}}),
    row("POST", "/v2/acts/{actor}/versions", 400, "invalid-value", json={"versionNumber": "one"}),
    row(
        "POST",
        "/v2/acts/{actor}/versions",
        400,
        "invalid-value",
        json={"versionNumber": "1.0", "sourceFiles": [{"name": "x", "format": "BASE64", "content": "grün"}]},
    ),
    row(
        "POST",
        "/v2/acts/{actor}/versions",
        400,
        "invalid-value",
        json={"versionNumber": "1.0", "sourceFiles": [{"name": "../x", "content": ""}]},
    ),
    row(
        "POST",
        "/v2/acts/{actor}/versions",
        400,
        "invalid-value",
        json={"versionNumber": "1.0", "envVars": [{"name": "A=B", "value": ""}]},
    ),
    row("PUT", "/v2/actor-runs/{live}", 400, "invalid-value", json={"generalAccess": "ALL"}),
    row("PUT", "/v2/actor-runs/{live}", 400, "invalid-value", json={"statusMessage": 5}),
    # 400: states
    row("DELETE", "/v2/actor-runs/{live}", 400, "cannot-remove-running-run"),
    row("DELETE", "/v2/actor-builds/{build}", 400, "cannot-remove-running-run"),
    row("DELETE", "/v2/acts/{actor}", 400, "cannot-remove-running-run"),
    # 401
    row("GET", "/v2/users/me", 401, "token-not-provided", token=None),
    row("GET", "/v2/users/me?token=", 401, "token-not-provided", token=None),
    row("GET", "/v2/users/me", 401, "token-not-provided", token=None, headers={"Authorization": "Basic YTpi"}),
    row("GET", "/v2/acts", 401, "token-not-provided", token=None),
    row("GET", "/v2/acts/~hello", 401, "token-not-provided", token=None),
    row("GET", "/v2/acts/{actor}/runs/last", 401, "token-not-provided", token=None),
    row("POST", "/v2/actor-runs/{live}/abort", 401, "token-not-provided", token=None),
    row("GET", "/v2/users/me", 401, "invalid-token", token="greenroom_run_guessed"),
    row("GET", "/v2/users/me?token=greenroom_run_guessed", 401, "invalid-token", token=None),
    row("POST", START, 401, "token-not-valid", token=None),
    row("POST", START, 401, "token-not-valid", token="greenroom_run_guessed"),
    row("POST", "/v2/actors/{actor}/run-sync", 401, "token-not-valid", token=None),
    row("POST", "/v2/actors/{actor}/run-sync-get-dataset-items", 401, "token-not-valid", token=None),
    row("GET", "/v2/actors/{actor}/runs", 401, "token-not-provided", token=None),
    row("GET", "/greenroom/info", 401, "invalid-token", token=None),
    row("GET", "/greenroom/info", 401, "invalid-token"),
    row("POST", "/greenroom/shutdown", 401, "invalid-token"),
    row("POST", "/greenroom/shutdown?stopRuns=maybe", 401, "invalid-token"),
    # 402
    row("POST", f"{START}?memory=32768", 402, "actor-memory-limit-exceeded"),
    row("POST", "/v2/acts/{actor}/run-sync?memory=32768", 402, "actor-memory-limit-exceeded"),
    # 403
    row("GET", "/v2/users/me", 403, "host-not-allowed", headers={"Host": "evil.example"}),
    row("GET", "/v2/users/me", 403, "host-not-allowed", headers={"Host": "localhost:4444"}),
    row("POST", START, 403, "permission-denied", headers={"Origin": "http://evil.example"}),
    row("POST", START, 403, "permission-denied", headers={"Origin": "null"}),
    row("POST", START, 403, "permission-denied", headers={"Sec-Fetch-Site": "cross-site"}),
    row("POST", START, 403, "permission-denied", headers={"Sec-Fetch-Site": "same-site"}),
    row("GET", "/v2/acts/{actor}?method=DELETE", 403, "origin-not-allowed", headers={"Sec-Fetch-Site": "cross-site"}),
    row("GET", "/v2/acts/{actor}/run-sync", 403, "origin-not-allowed", headers={"Sec-Fetch-Site": "cross-site"}),
    # 404
    row("POST", "/v2/acts/nobody/runs", 404, "actor-not-found"),
    row("POST", "/v2/acts/local~nobody/run-sync", 404, "actor-not-found"),
    row("POST", "/v2/acts/other~hello/runs", 404, "actor-not-found"),
    row("GET", "/v2/acts/nobody", 404, "record-not-found"),
    row("GET", "/v2/acts/nobody/runs", 404, "record-not-found"),
    row("PUT", "/v2/acts/nobody", 404, "record-not-found", json={}),
    row("DELETE", "/v2/acts/nobody", 404, "record-not-found"),
    row("GET", "/v2/acts/{actor}/versions/9.9", 404, "record-not-found"),
    row("POST", "/v2/acts/{actor}/builds?version=9.9", 404, "record-not-found"),
    row("GET", "/v2/acts/{other}/runs/{live}", 404, "record-not-found"),
    row("GET", "/v2/acts/{other}/runs/last", 404, "record-not-found"),
    row("GET", "/v2/acts/{actor}/runs/last?status=TIMED-OUT", 404, "record-not-found"),
    row("GET", "/v2/acts/{actor}/runs/last/dataset/items?origin=WEB", 404, "record-not-found"),
    row("GET", "/v2/acts/{other}/builds/{build}", 404, "record-not-found"),
    row("GET", "/v2/actor-runs/nobody", 404, "record-not-found"),
    row("GET", "/v2/actor-runs/nobody?waitForFinish=60", 404, "record-not-found"),
    row("GET", "/v2/actor-runs/nobody/log", 404, "record-not-found"),
    row("GET", "/v2/actor-runs/nobody/dataset/items", 404, "record-not-found"),
    row("POST", "/v2/actor-runs/nobody/abort", 404, "record-not-found"),
    row("GET", "/v2/actor-builds/nobody", 404, "record-not-found"),
    row("GET", "/v2/actor-builds/nobody/log", 404, "record-not-found"),
    row("GET", "/v2/logs/nobody", 404, "record-not-found"),
    row("GET", "/v2/logs/nobody?stream=1", 404, "record-not-found"),
    row("GET", "/v2/users/nobody", 404, "record-not-found"),
    row("GET", "/", 404, "page-not-found"),
    row("GET", "/v2", 404, "page-not-found"),
    row("GET", "/v2/nonsense", 404, "page-not-found"),
    row("POST", "/v2/acts/{actor}/nonsense", 404, "page-not-found"),
    row("GET", "/docs", 404, "page-not-found"),
    row("GET", "/openapi.json", 404, "page-not-found"),
    row("GET", "/greenroom/docs/oauth2-redirect", 404, "page-not-found"),
    # 405
    row("PATCH", "/v2/acts", 405, "method-not-allowed"),
    row("DELETE", "/v2/users/me", 405, "method-not-allowed"),
    row("GET", "/v2/actor-runs/{live}/abort", 405, "method-not-allowed"),
    row("POST", "/v2/acts/{actor}?method=PATCH", 405, "method-not-allowed"),
    row("POST", "/v2/logs/{live}", 405, "method-not-allowed"),
    # 409
    row("POST", "/v2/acts", 409, "actor-name-not-unique", json={"name": "hello"}),
    row("PUT", "/v2/acts/{other}", 409, "actor-name-not-unique", json={"name": "hello"}),
    row("POST", "/v2/acts/{actor}/versions", 409, "version-already-exists", json={"versionNumber": "0.5"}),
    # 413
    row("POST", "/v2/acts", 413, "request-too-large", content=BOMB, headers=JSON),
    row("POST", START, 413, "request-too-large", content=BOMB, headers=JSON),
    row("POST", "/v2/acts", 413, "request-too-large", **encoded("gzip", BOMB)),
    row("POST", "/v2/acts", 413, "request-too-large", **encoded("br", BOMB)),
    row("POST", START, 413, "request-too-large", **encoded("br", BOMB)),
    # 415
    row("POST", "/v2/acts", 415, "unsupported-content-encoding", content=b"{}", headers={"Content-Encoding": "bla"}),
    row("POST", START, 415, "unsupported-content-encoding", content=b"{}", headers={"Content-Encoding": "zstd"}),
    row("PUT", "/v2/actor-runs/{live}", 415, "unsupported-content-encoding", headers={"Content-Encoding": "gzip, br"}),
]


class TableApi(Api):
    """An API with an Actor that has a live run, and another Actor that has never run.

    All rows of the table share it, because a request that is rejected changes nothing.
    """

    async def open(self) -> None:
        await super().open()
        actor, other = await self.create_actor("hello"), await self.create_actor("other")
        await self.call("POST", f"/v2/acts/{actor.id}/versions", json={"versionNumber": "0.5"})
        run = await self.start(actor)
        self.names = {"actor": actor.id, "other": other.id, "live": run.id, "build": run.build_id}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def table_api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TableApi]:
    api = TableApi(tmp_path_factory.mktemp("table"))
    await api.open()
    yield api
    await api.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("method", "path", "given", "status", "slug"),
    ROWS,
    ids=[f"{method} {path} {status} {slug} {n}" for n, (method, path, _, status, slug) in enumerate(ROWS)],
)
async def test_the_table_of_errors(
    table_api: TableApi, method: str, path: str, given: dict[str, Any], status: int, slug: str
) -> None:
    assert problem(await table_api.call(method, path.format(**table_api.names), **given)) == (status, slug)


def test_every_kind_of_error_has_a_status() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    kinds = {kind for kind in kinds if issubclass(kind, errors.GreenroomError) and kind is not errors.GreenroomError}
    assert kinds == STATUSES.keys()


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v2/users/me", "OPTIONS,GET"),
        ("/v2/acts", "OPTIONS,GET,POST"),
        ("/v2/acts/x", "OPTIONS,DELETE,GET,PUT"),
        ("/v2/acts/x/run-sync", "OPTIONS,GET,POST"),
        ("/v2/actor-runs/x/abort", "OPTIONS,POST"),
        ("/v2/datasets/x/items", "OPTIONS,GET,HEAD,POST"),
        ("/v2/acts/x/runs/last", "OPTIONS,DELETE,GET,PUT"),
        ("/v2/actors/x/runs/last/dataset/items", "OPTIONS,GET,HEAD,POST"),
        ("/v2/actor-tasks/x/runs/last/log", "OPTIONS,GET"),
        ("/v2/actors/x/builds/default", "OPTIONS,DELETE,GET"),
        ("/v2/actors/x/builds/y/openapi.json", "OPTIONS,GET"),
        ("/v2/actor-runs/x/key-value-store/records/a/b", "OPTIONS,DELETE,GET,HEAD,POST,PUT"),
        ("/v2/actor-builds/x/log", "OPTIONS,GET"),
    ],
)
async def test_the_error_for_a_wrong_method_lists_the_allowed_methods(api: Api, path: str, methods: str) -> None:
    answer = await api.call("PATCH", path, token=None)
    assert problem(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == methods.replace(",", ", ")
    assert answer.json()["error"]["message"].endswith(f"using the following HTTP methods: {methods}")


@pytest.mark.parametrize("path", ["/v2/nothing", "/v2/acts/x/runs/last/nothing", "/v2/actor-runs/x/dataset/nothing"])
async def test_an_unknown_path_is_reported_before_a_missing_record_or_token(api: Api, path: str) -> None:
    for method in ("GET", "PATCH"):
        assert problem(await api.call(method, path, token=None)) == (404, "page-not-found")


async def test_links_to_a_console_get_a_hint(api: Api) -> None:
    linked = await api.call("GET", "/actors/x/runs/y", token=None)
    assert problem(linked) == (404, "page-not-found")
    assert "web console" in linked.json()["error"]["message"]
    assert "web console" not in (await api.call("GET", "/v2/actors/x/nonsense")).json()["error"]["message"]


async def test_the_error_of_a_large_body_names_its_size_and_the_limit(api: Api) -> None:
    answer = await api.call("POST", "/v2/acts", content=BOMB, headers=JSON)
    assert answer.json()["error"]["message"] == (
        f"The POST payload is too large (limit: {MAX_PAYLOAD_BYTES} bytes, actual length: {len(BOMB)} bytes)."
    )


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_decompression_bomb_in_one_message_is_rejected(api: Api, encoding: str) -> None:
    given = encoded(encoding, BOMB)
    assert await api.post_in_one_message("/v2/acts", given["content"], {"content-encoding": encoding}) == 413


async def test_the_memory_limit_has_the_platforms_message(api: Api) -> None:
    actor = await api.create_actor()
    await api.start(actor, memory_mbytes=8192)
    answer = await api.call("POST", f"/v2/acts/{actor.id}/runs?memory=16384")
    assert problem(answer) == (402, "actor-memory-limit-exceeded")
    assert answer.json()["error"]["message"].startswith(
        "By launching this job you would exceed the memory limit of 16384MB for all your Actor runs and builds "
        "(currently used: 8192MB, requested: 16384MB)."
    )


@pytest.mark.parametrize("path", ["/v2/users/me", "/v2/acts", "/v2/acts/x/runs"])
async def test_an_unexpected_error_is_returned_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(api.orchestrator.actors, "page", fail)
    monkeypatch.setattr(api.orchestrator.actors, "find", fail)
    monkeypatch.setattr("api.response.serializers.private_user", fail)
    answer = await api.call("GET", path)
    assert problem(answer) == (500, "internal-server-error")
    assert "hunter2" not in answer.text and "RuntimeError" not in answer.text


async def test_an_unexpected_error_before_the_routes_is_returned_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(api.orchestrator.runs, "get", fail)
    assert problem(await api.call("GET", "/v2/actor-runs/x/dataset")) == (500, "internal-server-error")


async def test_each_user_has_a_rate_limit_of_their_own(tmp_path: Path) -> None:
    api = Api(tmp_path, users={"a": "alice", "b": "bob"}, rate_limit=2)
    await api.open()
    statuses = [(await api.call("GET", "/v2/users/me", token="a")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    rejected = await api.call("GET", "/v2/users/me", token="a")
    assert problem(rejected) == (429, "rate-limit-exceeded")
    assert (await api.call("GET", "/v2/users/me", token="b")).status_code == 200
    await api.clock.advance(0.5)
    statuses = [(await api.call("GET", "/v2/users/me", token="a")).status_code for _ in range(2)]
    assert statuses == [200, 429]
    await api.close()


async def test_without_a_rate_limit_all_requests_pass(api: Api) -> None:
    answers = await asyncio.gather(*[api.call("GET", "/v2/users/me") for _ in range(100)])
    assert {answer.status_code for answer in answers} == {200}


async def test_a_rejected_head_request_has_no_framework_body(api: Api) -> None:
    answer = await api.call("HEAD", "/v2/acts")
    assert answer.status_code == 405
    assert "detail" not in answer.text


@pytest.mark.parametrize("body", [json.dumps({"a": 1}).encode(), b"", b"null"])
async def test_the_framework_does_not_validate_bodies(api: Api, body: bytes) -> None:
    actor = await api.create_actor()
    for content_type in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"):
        answer = await api.call(
            "POST", f"/v2/acts/{actor.id}/runs?memory=128", content=body, headers={"Content-Type": content_type}
        )
        assert answer.status_code == 201


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
async def test_writes_get_507_while_nothing_can_be_stored(
    api: Api, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    dataset = await api.data("POST", "/v2/datasets?name=full")
    fault = StorageFault(monkeypatch, number)
    fault.begin()
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "items", {"json": {"a": 1}}),
        ("PUT", "", {"json": {"name": "new"}}),
        ("DELETE", "", {}),
    ]
    for method, path, request in writes:
        response = await api.call(method, f"/v2/datasets/{dataset['id']}/{path}".rstrip("/"), **request)
        assert problem(response) == (507, "insufficient-storage")
        assert response.json()["error"]["message"].startswith("The data directory cannot be used because")
    assert (await api.call("GET", f"/v2/datasets/{dataset['id']}/items")).json() == []
    fault.end()
    assert (await api.call("DELETE", f"/v2/datasets/{dataset['id']}")).status_code == 204


async def test_an_os_error_of_a_full_disk_gets_507(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/private")

    monkeypatch.setattr(type(api.orchestrator.actors), "page", fail)
    response = await api.call("GET", "/v2/acts")
    assert problem(response) == (507, "insufficient-storage")
    assert "private" not in response.text
