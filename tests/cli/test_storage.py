from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

from cli.client import Client
from cli.errors import Problem
from cli.main import app
from cli.storage import importing, writing
from runtime.base.records import Run
from tests.cli.stub import write_server_file
from tests.fakes.api import CONTROL_TOKEN, Api

Json = dict[str, Any]
KINDS = ("datasets", "key_value_stores", "request_queues")
WORDS = ("datasets", "key-value-stores", "request-queues")


@dataclass
class Serving:
    """The application, listening, in a thread of its own."""

    api: Api
    loop: asyncio.AbstractEventLoop
    data_dir: Path
    http: httpx.Client

    def data(self, method: str, path: str, **request: Any) -> Any:
        answer = self.http.request(method, f"/v2/{path}", **request)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def items(self, dataset: str) -> list[Json]:
        return self.http.get(f"/v2/datasets/{dataset}/items").raise_for_status().json()  # type: ignore[no-any-return]

    def records(self, store: str) -> dict[str, tuple[str, bytes]]:
        keys = [entry["key"] for entry in self.data("GET", f"key-value-stores/{store}/keys")["items"]]
        answers = {key: self.http.get(record_path(store, key)).raise_for_status() for key in keys}
        return {key: (answer.headers["content-type"], answer.content) for key, answer in answers.items()}

    def queue(self, queue: str) -> tuple[list[str], dict[str, Json]]:
        """The order of the pending requests' unique keys, and all requests by unique key."""
        head = self.data("GET", f"request-queues/{queue}/head", params={"limit": 1000})["items"]
        requests = self.data("GET", f"request-queues/{queue}/requests")["items"]
        return [request["uniqueKey"] for request in head], {request["uniqueKey"]: request for request in requests}

    def run(self) -> Run:
        return asyncio.run_coroutine_threadsafe(self.api.start(), self.loop).result(10)


def record_path(store: str, key: str) -> str:
    return f"/v2/key-value-stores/{store}/records/{key.replace('.', '%2E')}"


class _Server(uvicorn.Server):
    def __init__(self, api: Api) -> None:
        how: Json = {"interface": "asgi3", "lifespan": "on", "log_level": "warning", "timeout_graceful_shutdown": 1}
        super().__init__(uvicorn.Config(self._answer, **how))
        self._api = api
        self.loop: asyncio.AbstractEventLoop | None = None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._api.app(scope, receive, send)
            return
        await receive()
        self.loop = asyncio.get_running_loop()
        await self._api.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._api.close()
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    api = Api(data_dir, port=port)
    server = _Server(api)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    write_server_file(data_dir, port, os.getpid(), CONTROL_TOKEN)
    assert server.loop is not None
    headers = {"Authorization": f"Bearer {CONTROL_TOKEN}", "Accept-Encoding": "identity"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, verify=False) as http:
        yield Serving(api, server.loop, data_dir, http)
    server.should_exit = True
    thread.join()


@pytest.fixture
def greenroom(cli: CliRunner, serving: Serving) -> Callable[..., Any]:
    def call(*words: object) -> Any:
        return cli.invoke(app, ["storage", *map(str, words), "--data-dir", str(serving.data_dir)])

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    place = tmp_path / "my_crawler"
    place.mkdir()
    return place


def write(folder: Path, files: dict[str, Any]) -> None:
    """Files, the later one the newer one; what is no bytes becomes JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, content) in enumerate(files.items()):
        (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=2).encode())
        os.utime(folder / name, (1_700_000_000, 1_700_000_000 + number))


def javascript_request(name: str, order: int | None, **fields: Any) -> Json:
    request = {"id": name, "url": f"http://site/{name}", "uniqueKey": name, "method": "GET", "retryCount": 0, **fields}
    kept = {key: request[key] for key in ("id", "method", "retryCount", "uniqueKey", "url")}
    return {**kept, "json": json.dumps(request), "orderNo": order}


def python_request(name: str, handled_at: str | None = None, **fields: Any) -> Json:
    return {
        "unique_key": name,
        "url": f"http://site/{name}",
        "method": "GET",
        "payload": None,
        "headers": {},
        "user_data": {},
        "retry_count": 0,
        "no_retry": False,
        "loaded_url": None,
        "handled_at": handled_at,
        **fields,
    }


def javascript(project: Path) -> None:
    """What Crawlee for JavaScript leaves behind."""
    storage = project / "storage"
    items = {f"{n:09}.json": {"n": n, "text": "ü\u2028"} for n in range(1, 31)}
    write(storage / "datasets/default", dict(reversed(items.items())))
    records = {
        "OUTPUT.json": b'{ "a": 1.0 }',
        "page.of.html": "<p>ü".encode(),
        "photo.jpeg": b"\xff\xd8\x00",
        "odd!'().bin": b"\x00\xff",
        "words": "ünder".encode(),
        "INPUT": b'{"start": 1}',
    }
    write(storage / "key_value_stores/default", records)
    (storage / "key_value_stores/default/OUTPUT.json.lock").mkdir()
    requests = {
        "c.json": javascript_request("c", 1_700_000_000_002),
        "a.json": javascript_request("a", 1_700_000_000_001, userData={"label": "L"}),
        "b.json": javascript_request("b", 1_700_000_000_001),
        "front.json": javascript_request("front", -1_700_000_000_003, retryCount=2, errorMessages=["boom"]),
        "very-front.json": javascript_request("very-front", -1_700_000_000_004),
        "done.json": javascript_request("done", None, handledAt="2026-01-01T00:00:00.000Z"),
    }
    write(storage / "request_queues/default", requests)


def python(project: Path) -> None:
    """What Crawlee for Python leaves behind."""
    storage = project / "storage"
    metadata = {"id": "queue-id", "name": None, "accessed_at": "2026-11-21 22:09:44.106551+00:00"}
    items = {f"{n:09}.json": {"n": n} for n in range(1, 4)}
    write(storage / "datasets/default", {**items, "__metadata__.json": metadata})
    state = {
        "sequence_counter": 9,
        "forefront_requests": {"front": 3, "very-front": 4},
        "regular_requests": {"b": 7, "a": 2},
        "in_progress_requests": ["a"],
        "handled_requests": ["done"],
    }
    records = {
        "__metadata__.json": metadata,
        "OUTPUT": b'{"a": 1}',
        "OUTPUT.__metadata__.json": {"key": "OUTPUT", "content_type": "application/json; charset=utf-8", "size": 8},
        "odd%21.png": b"\x00\xff",
        "odd%21.png.__metadata__.json": {"key": "odd!.png", "content_type": "image/png", "size": 2},
        "none": b"",
        "none.__metadata__.json": {"key": "none", "content_type": "application/x-none", "size": 0},
        "INPUT.json": b'{"start": 1}',
        "INPUT.json.__metadata__.json": {"key": "INPUT.json", "content_type": "application/json", "size": 12},
        "__RQ_STATE_queue-id": state,
        "__RQ_STATE_queue-id.__metadata__.json": {"key": "__RQ_STATE_queue-id", "content_type": "application/json"},
    }
    write(storage / "key_value_stores/default", records)
    requests = {
        "1.json": python_request("unknown to the state"),
        "2.json": python_request("b", user_data={"label": "L", "__crawlee": {"maxRetries": 4}}),
        "3.json": python_request("a", retry_count=2, payload="body", method="POST"),
        "4.json": python_request("front"),
        "5.json": python_request("very-front"),
        "6.json": python_request("done", "2026-11-21 22:09:44.105862+00:00"),
    }
    write(storage / "request_queues/default", {**requests, "__metadata__.json": metadata})


def test_what_javascript_wrote(greenroom: Any, serving: Serving, project: Path) -> None:
    javascript(project)
    done = greenroom("import", project)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "datasets/default -> dataset my-crawler: 30 items",
        "key_value_stores/default -> key-value store my-crawler: 6 records",
        "request_queues/default -> request queue my-crawler: 6 requests",
    ]
    assert serving.items("me~my-crawler") == [{"n": n, "text": "ü\u2028"} for n in range(1, 31)]
    assert serving.records("me~my-crawler") == {
        "INPUT": ("application/json; charset=utf-8", b'{"start": 1}'),
        "OUTPUT": ("application/json; charset=utf-8", b'{ "a": 1.0 }'),
        "odd!'()": ("application/octet-stream", b"\x00\xff"),
        "page.of": ("text/html; charset=utf-8", "<p>ü".encode()),
        "photo": ("image/jpeg", b"\xff\xd8\x00"),
        "words": ("text/plain; charset=utf-8", "ünder".encode()),
    }
    order, requests = serving.queue("me~my-crawler")
    assert order == ["very-front", "front", "a", "b", "c"]
    assert requests["done"]["handledAt"] == "2026-01-01T00:00:00.000Z"
    assert (requests["front"]["retryCount"], requests["front"]["errorMessages"]) == (2, ["boom"])
    assert requests["a"]["userData"] == {"label": "L"}


def test_what_python_wrote(greenroom: Any, serving: Serving, project: Path) -> None:
    python(project)
    assert greenroom("import", project / "storage").exit_code == 0
    assert serving.items("me~my-crawler") == [{"n": n} for n in range(1, 4)]
    assert serving.records("me~my-crawler") == {
        "INPUT": ("application/json", b'{"start": 1}'),
        "OUTPUT": ("application/json; charset=utf-8", b'{"a": 1}'),
        "none": ("application/x-none", b""),
        "odd!.png": ("image/png", b"\x00\xff"),
    }
    order, requests = serving.queue("me~my-crawler")
    assert order == ["very-front", "front", "a", "b", "unknown to the state"]
    assert requests["done"]["handledAt"] == "2026-11-21T22:09:44.105Z"
    wanted = {"retryCount": 2, "payload": "body", "method": "POST", "userData": {}, "noRetry": False, "headers": {}}
    assert wanted.items() <= requests["a"].items()
    assert requests["b"]["userData"] == {"label": "L", "__crawlee": {"maxRetries": 4}}


def test_a_purged_queue_of_python_has_no_order_any_more(greenroom: Any, serving: Serving, project: Path) -> None:
    python(project)
    (project / "storage/key_value_stores/default/__RQ_STATE_queue-id").write_bytes(b"")
    assert greenroom("import", project).exit_code == 0
    order, _ = serving.queue("me~my-crawler")
    assert order == ["unknown to the state", "b", "a", "front", "very-front"]


def test_metadata_that_javascript_wrote(greenroom: Any, serving: Serving, project: Path) -> None:
    """It is JSON as text in JSON, and knows the extension."""
    note = json.dumps({"extension": "png", "key": "a.b", "contentType": "image/png"})
    write(project / "storage/key_value_stores/mine", {"a.b.png": b"\xff", "a.b.__metadata__.json": note})
    assert greenroom("import", project).exit_code == 0
    assert serving.records("me~mine") == {"a.b": ("image/png", b"\xff")}


@pytest.mark.parametrize("root", ["storage", "crawlee_storage", "apify_storage"])
def test_a_folder_is_found_by_any_of_its_names(greenroom: Any, serving: Serving, project: Path, root: str) -> None:
    write(project / root / "datasets/some_data", {"000000001.json": {"n": 1}})
    write(project / root / "datasets/__CRAWLEE_TEMPORARY_0__", {"000000001.json": {"n": 2}})
    assert "some_data becomes some-data" in greenroom("import", project).stderr
    for path in (project / root, project / root / "datasets", project / root / "datasets/some_data"):
        assert greenroom("import", path, "--append").exit_code == 0
    assert serving.items("me~some-data") == [{"n": 1}] * 4
    assert [item["name"] for item in serving.data("GET", "datasets")["items"]] == ["some-data"]


def test_names(greenroom: Any, serving: Serving, project: Path) -> None:
    write(project / "storage/datasets/default", {"000000001.json": {"n": 1}})
    write(project / "storage/datasets/mine", {"000000001.json": {"n": 2}})
    assert greenroom("import", project, "--name", "given").exit_code == 0
    assert greenroom("import", project / "storage/datasets/mine", "--name", "alone").exit_code == 0
    assert {item["name"] for item in serving.data("GET", "datasets")["items"]} == {"given", "mine", "alone"}
    refused = greenroom("import", project, "--name", "mine")
    assert (refused.exit_code, "would both become mine" in refused.stderr) == (5, True)
    assert greenroom("import", project, "--name", "bad_name").exit_code == 5
    assert greenroom("import", project, "--name", "x", "--run", "y").exit_code == 2


def test_into_the_storages_of_a_run(greenroom: Any, serving: Serving, project: Path) -> None:
    javascript(project)
    run = serving.run()
    assert greenroom("import", project, "--run", "nobody").exit_code == 5
    assert greenroom("import", project, "--run", run.id).exit_code == 0
    assert len(serving.items(run.default_dataset_id)) == 30
    assert serving.records(run.default_key_value_store_id)["words"][1] == "ünder".encode()
    assert len(serving.queue(run.default_request_queue_id)[1]) == 6
    assert serving.data("GET", "datasets")["items"] == []


def test_what_holds_something_is_added_to_on_demand_only(greenroom: Any, serving: Serving, project: Path) -> None:
    javascript(project)
    for word in WORDS:
        serving.data("POST", word, params={"name": "my-crawler"})  # empty ones may be filled
    assert greenroom("import", project).exit_code == 0
    refused = greenroom("import", project)
    assert refused.exit_code == 5
    assert "Nothing was imported" in refused.stderr
    assert len(serving.items("me~my-crawler")) == 30
    told = json.loads(greenroom("import", project, "--append", "--json").stdout)
    assert [(one["count"], one["alreadyPresent"]) for one in told["imported"]] == [(30, 0), (6, 0), (6, 6)]
    assert len(serving.items("me~my-crawler")) == 60
    assert len(serving.queue("me~my-crawler")[1]) == 6


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("datasets/x/000000002.json", b'{"n": ', "not valid JSON"),
        ("datasets/x/000000002.json", b"[1]", "no JSON object"),
        ("datasets/x/000000002.json", b'{"n": "' + b"x" * 9_437_184 + b'"}', "at most 9437184 bytes"),
        ("key_value_stores/x/a key.txt", b"", "is no key"),
        ("key_value_stores/x/a.__metadata__.json", b'"{"', "not valid JSON"),
        ("request_queues/x/a.json", b'{"json": "{}"}', "needs a uniqueKey"),
        ("request_queues/x/a.json", b'{"unique_key": "a", "url": "http://a", "handled_at": "soon"}', "is no time"),
        ("request_queues/x/db.sqlite", b"", "a database"),
    ],
)
def test_what_is_broken_is_told_before_anything_is_sent(
    greenroom: Any, serving: Serving, project: Path, name: str, content: bytes, why: str
) -> None:
    javascript(project)
    write((project / "storage" / name).parent, {Path(name).name: content})
    refused = greenroom("import", project)
    assert refused.exit_code == 5
    assert str(project / "storage" / name) in refused.stderr
    assert why in refused.stderr
    assert all(serving.data("GET", word)["items"] == [] for word in WORDS)


def test_what_is_no_data_is_left_out_aloud(greenroom: Any, serving: Serving, project: Path) -> None:
    store = {"a.json": b"1", "a.txt": b"newer", ".DS_Store": b"", "gone.__metadata__.json": {"key": "gone"}}
    write(project / "storage/key_value_stores/x", store)
    write(project / "storage/datasets/x", {"000000001.json": {}, "export.csv": b""})
    done = greenroom("import", project, "--json")
    assert json.loads(done.stdout)["leftOut"] == [
        "datasets/x/export.csv: not among the files of a dataset",
        "key_value_stores/x/gone.__metadata__.json: the record it describes is not there",
        "key_value_stores/x/a.json: an older value of a",
    ]
    assert "Left out datasets/x/export.csv" in done.stderr
    assert serving.records("me~x") == {"a": ("text/plain; charset=utf-8", b"newer")}


@pytest.mark.parametrize("path", ["", "nothing", "storage"])
def test_where_there_is_nothing_to_import(greenroom: Any, project: Path, path: str) -> None:
    (project / "nothing").mkdir()
    (project / "storage/datasets/default").mkdir(parents=True)
    assert greenroom("import", project / path).exit_code == 5


def test_a_refusal_in_the_middle_tells_how_far_it_came(
    greenroom: Any, serving: Serving, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_BYTES", 1)
    schema = {"fields": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    serving.data("POST", "datasets", params={"name": "b"}, json={"schema": schema})
    for name in "abc":
        items = {"000000001.json": {"n": 1}, "000000002.json": {"n": "no"}}
        write(project / "storage/datasets" / name, items)
    stopped = greenroom("import", project)
    assert stopped.exit_code == 5
    assert stopped.stdout == "datasets/a -> dataset a: 2 items\n"
    assert "Stopped in the middle. datasets/b -> dataset b: 1 items of 2" in stopped.stderr
    assert {item["name"] for item in serving.data("GET", "datasets")["items"]} == {"a", "b"}


def test_ctrl_c_tells_how_far_it_came(
    greenroom: Any, serving: Serving, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def push(client: Client, dataset_id: str, items: bytes) -> None:
        if b"2" in items:
            raise KeyboardInterrupt

    monkeypatch.setattr(importing, "BATCH_BYTES", 1)
    monkeypatch.setattr(Client, "push", push)
    write(project / "storage/datasets/a", {f"00000000{n}.json": {"n": n} for n in (1, 2, 3)})
    stopped = greenroom("import", project)
    assert stopped.exit_code == 3
    assert "Stopped in the middle. datasets/a -> dataset a: 1 items of 3" in stopped.stderr


ABSURD = [
    *(".", "..", "...", ".hidden", "__metadata__", "__metadata__.json", "a", "a.json", "a.txt", "a.json.json"),
    *("INPUT", "INPUT.json", "__RQ_STATE_x"),
    *("odd!'()", "-", "x.html", "n.1", "k" * 245, "CON"),
]
LEFT_OUT = ["x.__metadata__", "x.__metadata__.json", "l" * 256]


def test_a_round_trip_keeps_everything(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "datasets", params={"name": "mine"})
    items = [{"n": n, "text": "ü\u2028\n\ud83d", "nested": [{}, None, 0.1, 12345678901234567890123]} for n in range(40)]
    serving.http.post("/v2/datasets/me~mine/items", content=json.dumps(items)).raise_for_status()
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    for key in ABSURD + LEFT_OUT:
        kind = "application/json; charset=utf-8" if len(key) % 2 else "image/x-strange"
        body = json.dumps(key).encode() + bytes([255])
        serving.http.put(record_path("me~mine", key), content=body, headers={"content-type": kind}).raise_for_status()
    serving.data("POST", "request-queues", params={"name": "mine"})
    for n in range(60):
        request = {"url": f"http://site/{n}", "uniqueKey": f"ü{n}", "userData": {"n": n, "\ud83d": 1}, "headers": None}
        done = {"handledAt": "2026-01-01T00:00:00.000Z"} if n % 3 == 0 else {}
        params = {"forefront": n % 2}
        serving.data("POST", "request-queues/me~mine/requests", params=params, content=json.dumps({**request, **done}))

    out = greenroom("export", "mine", "--to", tmp_path / "out", "--json")
    assert out.exit_code == 0, out.stderr
    assert [(one["kind"], one["count"]) for one in json.loads(out.stdout)["exported"]] == [
        ("datasets", 40),
        ("key-value-stores", len(ABSURD)),
        ("request-queues", 60),
    ]
    assert [entry.split()[2] for entry in json.loads(out.stdout)["leftOut"]] == sorted(LEFT_OUT)
    before = serving.items("me~mine"), serving.records("me~mine"), serving.queue("me~mine")
    for word in WORDS:
        assert serving.http.delete(f"/v2/{word}/me~mine").is_success
    back = greenroom("import", tmp_path / "out")
    assert back.exit_code == 0, back.stderr
    for key in LEFT_OUT:
        del before[1][key]
    assert (serving.items("me~mine"), serving.records("me~mine"), serving.queue("me~mine")) == before
    assert all(len(serving.data("GET", word)["items"]) == 1 for word in WORDS)
    assert greenroom("export", "mine", "--to", tmp_path / "again").exit_code == 0
    assert contents(tmp_path / "again") == contents(tmp_path / "out")


def contents(root: Path) -> dict[str, bytes]:
    """All files but those that tell of ids and times."""
    files = (path for path in root.rglob("*") if path.is_file() and "__RQ_STATE_" not in path.name)
    return {str(path.relative_to(root)): path.read_bytes() for path in files if path.name != "__metadata__.json"}


def test_nothing_is_written_beside_the_folder(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    for key in ABSURD:
        serving.http.put(record_path("me~mine", key), content=b"x").raise_for_status()
    before = {path.name for path in tmp_path.iterdir()}
    assert greenroom("export", "mine", "--to", tmp_path / "out").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == before | {"out"}
    store = tmp_path / "out/key_value_stores/mine"
    assert [path.name for path in store.parent.iterdir()] == ["mine"]
    assert all(path.resolve().parent == store for path in store.iterdir())


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Problem):
        writing.inside(tmp_path, name)


def test_folders_are_replaced_on_demand_only(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "datasets", params={"name": "mine"})
    out = tmp_path / "out/datasets"
    write(out / "mine", {"000000007.json": {}})
    write(out / "other", {"000000007.json": {}})
    refused = greenroom("export", "mine", "--to", tmp_path / "out")
    assert (refused.exit_code, "would be replaced" in refused.stderr) == (5, True)
    assert [path.name for path in (out / "mine").iterdir()] == ["000000007.json"]
    assert greenroom("export", "mine", "--to", tmp_path / "out", "--force").exit_code == 0
    assert [path.name for path in (out / "mine").iterdir()] == ["__metadata__.json"]
    assert sorted(path.name for path in out.iterdir()) == ["mine", "other"]


def test_an_export_that_fails_leaves_what_was_there(
    greenroom: Any, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(client: Client, dataset_id: str) -> Iterator[bytes]:
        yield b"{}"
        raise Problem("The server is gone.")

    monkeypatch.setattr(Client, "lines", lines)
    serving.data("POST", "datasets", params={"name": "mine"})
    out = tmp_path / "out/datasets"
    write(out / "mine", {"000000007.json": {}})
    assert greenroom("export", "mine", "--to", tmp_path / "out", "--force").exit_code == 1
    assert [path.name for path in out.iterdir()] == ["mine"]
    assert [path.name for path in (out / "mine").iterdir()] == ["000000007.json"]


def test_a_record_that_is_deleted_meanwhile(
    greenroom: Any, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "keys", lambda client, store_id: iter(["gone", "here"]))
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    serving.http.put(record_path("me~mine", "here"), content=b"x").raise_for_status()
    told = json.loads(greenroom("export", "mine", "--to", tmp_path / "out", "--json").stdout)
    assert [one["count"] for one in told["exported"]] == [1]


def test_what_is_exported(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    run = serving.run()
    mine = serving.data("POST", "datasets", params={"name": "mine"})["id"]
    unnamed = serving.data("POST", "datasets")["id"]
    assert greenroom("export").exit_code == 2
    assert greenroom("export", "nobody").exit_code == 5
    assert greenroom("export", "--run", "nobody").exit_code == 5
    assert greenroom("export", mine, unnamed, "mine", "--run", run.id, "--to", tmp_path / "some").exit_code == 0
    assert {path.name for path in (tmp_path / "some/datasets").iterdir()} == {"mine", unnamed, "default"}
    assert {path.name for path in (tmp_path / "some").iterdir()} == set(KINDS)
    assert greenroom("export", "--all", "--to", tmp_path / "all").exit_code == 0
    assert {path.name for path in (tmp_path / "all/datasets").iterdir()} == {"mine", unnamed, run.default_dataset_id}
    told = {
        name: json.loads((tmp_path / f"some/datasets/{name}/__metadata__.json").read_text())
        for name in ("mine", unnamed, "default")
    }
    assert {name: (note["id"], note["name"]) for name, note in told.items()} == {
        "mine": (mine, "mine"),
        unnamed: (unnamed, None),
        "default": ("default", None),
    }


def test_two_of_one_folder_are_refused(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    run = serving.run()
    serving.data("POST", "datasets", params={"name": "default"})
    refused = greenroom("export", "default", "--run", run.id, "--to", tmp_path / "out")
    assert (refused.exit_code, "would both be" in refused.stderr) == (5, True)
    assert not (tmp_path / "out").exists()


def test_what_ran_locally_after_an_export_comes_back(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    """Python replaces its links by files of its own, and writes its order down again; JavaScript writes through."""
    serving.data("POST", "request-queues", params={"name": "mine"})
    for name in ("a", "b", "c"):
        serving.data("POST", "request-queues/me~mine/requests", json={"url": f"http://site/{name}", "uniqueKey": name})
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    for key in ("by-python", "by-javascript", "kept"):
        serving.http.put(record_path("me~mine", key), json={"old": 1}).raise_for_status()
    assert greenroom("export", "mine", "--to", tmp_path / "out").exit_code == 0

    queue, store = tmp_path / "out/request_queues/mine", tmp_path / "out/key_value_stores/mine"
    replace(queue / writing.python_request_file("a"), python_request("a", "2026-11-21 22:09:44.105862+00:00"))
    replace(queue / writing.python_request_file("b"), python_request("b", retry_count=1))
    state = next((tmp_path / "out/key_value_stores/default").glob("__RQ_STATE_*[!_].json"))
    replace(state.with_suffix(""), {"forefront_requests": {}, "regular_requests": {"c": 2, "b": 3}})
    replace(store / "by-python", {"new": 1})
    replace(store / "by-python.__metadata__.json", {"key": "by-python", "content_type": "application/json"})
    (store / "by-javascript.json").write_text('{"new": 2}')

    for word in WORDS[1:]:
        assert serving.http.delete(f"/v2/{word}/me~mine").is_success
    assert greenroom("import", tmp_path / "out").exit_code == 0
    order, requests = serving.queue("me~mine")
    assert (order, requests["b"]["retryCount"], requests["a"]["handledAt"][:10]) == (["c", "b"], 1, "2026-11-21")
    values = {key: json.loads(body) for key, (_, body) in serving.records("me~mine").items()}
    assert values == {"by-python": {"new": 1}, "by-javascript": {"new": 2}, "kept": {"old": 1}}


def replace(file: Path, content: Any) -> None:
    """As an atomic write does it: a link is replaced, not followed."""
    new = file.with_name("new")
    new.write_text(json.dumps(content))
    new.replace(file)
