"""Imports of local storages, as the SDKs of both languages write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.client.storages import DatasetsClient
from tests.cli.serving import Serving
from tests.cli.storage.conftest import API_PATHS
from tests.cli.storage.local_storages import write, write_like_javascript, write_like_python


def test_import_of_storages_written_by_javascript(greenroom: Any, serving: Serving, project: Path) -> None:
    write_like_javascript(project)
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


def test_import_of_storages_written_by_python(greenroom: Any, serving: Serving, project: Path) -> None:
    write_like_python(project)
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


def test_import_of_a_purged_python_queue_loses_its_order(greenroom: Any, serving: Serving, project: Path) -> None:
    write_like_python(project)
    (project / "storage/key_value_stores/default/__RQ_STATE_queue-id").write_bytes(b"")
    assert greenroom("import", project).exit_code == 0
    order, _ = serving.queue("me~my-crawler")
    assert order == ["unknown to the state", "b", "a", "front", "very-front"]


def test_import_of_metadata_written_by_javascript(greenroom: Any, serving: Serving, project: Path) -> None:
    """JavaScript serializes the metadata twice, and stores the extension in it."""
    metadata = json.dumps({"extension": "png", "key": "a.b", "contentType": "image/png"})
    write(project / "storage/key_value_stores/mine", {"a.b.png": b"\xff", "a.b.__metadata__.json": metadata})
    assert greenroom("import", project).exit_code == 0
    assert serving.records("me~mine") == {"a.b": ("image/png", b"\xff")}


@pytest.mark.parametrize("root", ["storage", "crawlee_storage", "apify_storage"])
def test_each_name_of_the_storage_folder_is_found(greenroom: Any, serving: Serving, project: Path, root: str) -> None:
    write(project / root / "datasets/some_data", {"000000001.json": {"n": 1}})
    write(project / root / "datasets/__CRAWLEE_TEMPORARY_0__", {"000000001.json": {"n": 2}})
    assert "Renamed some_data to some-data" in greenroom("import", project).stderr
    for path in (project / root, project / root / "datasets", project / root / "datasets/some_data"):
        assert greenroom("import", path, "--append").exit_code == 0
    assert serving.items("me~some-data") == [{"n": 1}] * 4
    assert [item["name"] for item in serving.data("GET", "datasets")["items"]] == ["some-data"]


def test_storage_names(greenroom: Any, serving: Serving, project: Path) -> None:
    write(project / "storage/datasets/default", {"000000001.json": {"n": 1}})
    write(project / "storage/datasets/mine", {"000000001.json": {"n": 2}})
    assert greenroom("import", project, "--name", "given").exit_code == 0
    assert greenroom("import", project / "storage/datasets/mine", "--name", "alone").exit_code == 0
    assert {item["name"] for item in serving.data("GET", "datasets")["items"]} == {"given", "mine", "alone"}
    result = greenroom("import", project, "--name", "mine")
    assert (result.exit_code, "would both be imported into mine" in result.stderr) == (5, True)
    assert greenroom("import", project, "--name", "bad_name").exit_code == 5
    assert greenroom("import", project, "--name", "x", "--run", "y").exit_code == 64


def test_import_into_the_default_storages_of_a_run(greenroom: Any, serving: Serving, project: Path) -> None:
    write_like_javascript(project)
    run = serving.run()
    assert greenroom("import", project, "--run", "nobody").exit_code == 5
    assert greenroom("import", project, "--run", run.id).exit_code == 0
    assert len(serving.items(run.default_dataset_id)) == 30
    assert serving.records(run.default_key_value_store_id)["words"][1] == "ünder".encode()
    assert len(serving.queue(run.default_request_queue_id)[1]) == 6
    assert serving.data("GET", "datasets")["items"] == []


def test_filled_storages_are_changed_only_with_append(greenroom: Any, serving: Serving, project: Path) -> None:
    write_like_javascript(project)
    for path in API_PATHS:
        serving.data("POST", path, params={"name": "my-crawler"})  # an empty storage is accepted without --append
    assert greenroom("import", project).exit_code == 0
    result = greenroom("import", project)
    assert result.exit_code == 5
    assert "Nothing was imported" in result.stderr
    assert len(serving.items("me~my-crawler")) == 30
    printed = json.loads(greenroom("import", project, "--append", "--json").stdout)
    assert [(one["count"], one["alreadyPresent"]) for one in printed["imported"]] == [(30, 0), (6, 0), (6, 6)]
    assert len(serving.items("me~my-crawler")) == 60
    assert len(serving.queue("me~my-crawler")[1]) == 6


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("datasets/x/000000002.json", b'{"n": ', "not valid JSON"),
        ("datasets/x/000000002.json", b"[1]", "not a JSON object"),
        ("datasets/x/000000002.json", b'{"n": "' + b"x" * 9_437_184 + b'"}', "at most 9437184 bytes"),
        ("key_value_stores/x/a key.txt", b"", "is not a valid key"),
        ("key_value_stores/x/a.__metadata__.json", b'"{"', "not valid JSON"),
        ("request_queues/x/a.json", b'{"json": "{}"}', "needs a 'uniqueKey'"),
        (
            "request_queues/x/a.json",
            b'{"json": "{\\"uniqueKey\\":\\"a\\",\\"url\\":\\"u\\",\\"userData\\":[]}"}',
            "'userData' must be an object",
        ),
        (
            "request_queues/x/a.json",
            b'{"unique_key": "a", "url": "http://a", "handled_at": "soon"}',
            "is not a valid ISO 8601 timestamp",
        ),
        ("request_queues/x/db.sqlite", b"", "a database"),
    ],
)
def test_invalid_files_are_rejected_before_anything_is_sent(
    greenroom: Any, serving: Serving, project: Path, name: str, content: bytes, reason: str
) -> None:
    write_like_javascript(project)
    write((project / "storage" / name).parent, {Path(name).name: content})
    result = greenroom("import", project)
    assert result.exit_code == 5
    assert str(project / "storage" / name) in result.stderr
    assert reason in result.stderr
    assert all(serving.data("GET", path)["items"] == [] for path in API_PATHS)


def test_files_that_are_not_data_are_skipped_with_a_warning(greenroom: Any, serving: Serving, project: Path) -> None:
    store = {"a.json": b"1", "a.txt": b"newer", ".DS_Store": b"", "gone.__metadata__.json": {"key": "gone"}}
    write(project / "storage/key_value_stores/x", store)
    write(project / "storage/datasets/x", {"000000001.json": {}, "export.csv": b""})
    done = greenroom("import", project, "--json")
    assert json.loads(done.stdout)["leftOut"] == [
        "datasets/x/export.csv: a dataset consists of .json files",
        "key_value_stores/x/gone.__metadata__.json: the record that it describes does not exist",
        "key_value_stores/x/a.json: an older value of a",
    ]
    assert "Skipped datasets/x/export.csv" in done.stderr
    assert serving.records("me~x") == {"a": ("text/plain; charset=utf-8", b"newer")}


@pytest.mark.parametrize("path", ["", "nothing", "storage"])
def test_a_folder_without_anything_to_import_is_rejected(greenroom: Any, project: Path, path: str) -> None:
    (project / "nothing").mkdir()
    (project / "storage/datasets/default").mkdir(parents=True)
    assert greenroom("import", project / path).exit_code == 5


def test_an_import_that_the_server_rejects_shows_its_progress(
    greenroom: Any, serving: Serving, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.storage.batches.BATCH_BYTES", 1)
    schema = {"fields": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    serving.data("POST", "datasets", params={"name": "b"}, json={"schema": schema})
    for name in "abc":
        items = {"000000001.json": {"n": 1}, "000000002.json": {"n": "no"}}
        write(project / "storage/datasets" / name, items)
    result = greenroom("import", project)
    assert result.exit_code == 5
    assert result.stdout == "datasets/a -> dataset a: 2 items\n"
    assert "The import stopped early. datasets/b -> dataset b: 1 item of 2" in result.stderr
    assert {item["name"] for item in serving.data("GET", "datasets")["items"]} == {"a", "b"}


def test_an_interrupted_import_shows_its_progress(
    greenroom: Any, serving: Serving, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def push(client: DatasetsClient, dataset_id: str, items: bytes) -> None:
        if b"2" in items:
            raise KeyboardInterrupt

    monkeypatch.setattr("cli.storage.batches.BATCH_BYTES", 1)
    monkeypatch.setattr(DatasetsClient, "push", push)
    write(project / "storage/datasets/a", {f"00000000{n}.json": {"n": n} for n in (1, 2, 3)})
    result = greenroom("import", project)
    assert result.exit_code == 3
    assert "The import stopped early. datasets/a -> dataset a: 1 item of 3" in result.stderr
