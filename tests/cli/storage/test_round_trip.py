"""Exports that are imported again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.storage.layout import python_request_file
from tests.cli.serving import Serving, record_path
from tests.cli.storage.conftest import API_PATHS
from tests.cli.storage.local_storages import UNSUPPORTED_KEYS, UNUSUAL_KEYS, python_request


def test_a_round_trip_preserves_everything(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "datasets", params={"name": "mine"})
    items = [{"n": n, "text": "ü\u2028\n\ud83d", "nested": [{}, None, 0.1, 12345678901234567890123]} for n in range(40)]
    serving.http.post("/v2/datasets/me~mine/items", content=json.dumps(items)).raise_for_status()
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    for key in UNUSUAL_KEYS + UNSUPPORTED_KEYS:
        content_type = "application/json; charset=utf-8" if len(key) % 2 else "image/x-strange"
        body = json.dumps(key).encode() + bytes([255])
        serving.http.put(
            record_path("me~mine", key), content=body, headers={"content-type": content_type}
        ).raise_for_status()
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
        ("key-value-stores", len(UNUSUAL_KEYS)),
        ("request-queues", 60),
    ]
    assert [entry.split()[2] for entry in json.loads(out.stdout)["leftOut"]] == sorted(UNSUPPORTED_KEYS)
    before = serving.items("me~mine"), serving.records("me~mine"), serving.queue("me~mine")
    for path in API_PATHS:
        assert serving.http.delete(f"/v2/{path}/me~mine").is_success
    back = greenroom("import", tmp_path / "out")
    assert back.exit_code == 0, back.stderr
    for key in UNSUPPORTED_KEYS:
        del before[1][key]
    assert (serving.items("me~mine"), serving.records("me~mine"), serving.queue("me~mine")) == before
    assert all(len(serving.data("GET", path)["items"]) == 1 for path in API_PATHS)
    assert greenroom("export", "mine", "--to", tmp_path / "again").exit_code == 0
    assert contents(tmp_path / "again") == contents(tmp_path / "out")


def test_the_order_of_all_requests_survives_a_round_trip(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "request-queues", params={"name": "mine"})
    for first in range(0, 1050, 25):
        batch = [{"url": "http://site/", "uniqueKey": f"{n}"} for n in range(first, first + 25)]
        params = {"forefront": first % 2}
        serving.data("POST", "request-queues/me~mine/requests/batch", params=params, content=json.dumps(batch))
    before = serving.order("me~mine")
    assert len(before) == 1050
    out = greenroom("export", "mine", "--to", tmp_path)
    assert out.exit_code == 0 and "order" not in out.stderr
    assert serving.http.delete("/v2/request-queues/me~mine").is_success
    assert greenroom("import", tmp_path).exit_code == 0
    assert serving.order("me~mine") == before


def contents(root: Path) -> dict[str, bytes]:
    """Return the content of all files, except for those that contain ids and times."""
    files = (path for path in root.rglob("*") if path.is_file() and "__RQ_STATE_" not in path.name)
    return {str(path.relative_to(root)): path.read_bytes() for path in files if path.name != "__metadata__.json"}


def test_changes_made_locally_after_an_export_are_imported(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    """Python replaces its links with files and rewrites the queue's order. JavaScript writes to its own files."""
    serving.data("POST", "request-queues", params={"name": "mine"})
    for name in ("a", "b", "c"):
        serving.data("POST", "request-queues/me~mine/requests", json={"url": f"http://site/{name}", "uniqueKey": name})
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    for key in ("by-python", "by-javascript", "unchanged"):
        serving.http.put(record_path("me~mine", key), json={"old": 1}).raise_for_status()
    assert greenroom("export", "mine", "--to", tmp_path / "out").exit_code == 0

    queue, store = tmp_path / "out/request_queues/mine", tmp_path / "out/key_value_stores/mine"
    replace(queue / python_request_file("a"), python_request("a", "2026-11-21 22:09:44.105862+00:00"))
    replace(queue / python_request_file("b"), python_request("b", retry_count=1))
    state = next((tmp_path / "out/key_value_stores/default").glob("__RQ_STATE_*[!_].json"))
    replace(state.with_suffix(""), {"forefront_requests": {}, "regular_requests": {"c": 2, "b": 3}})
    replace(store / "by-python", {"new": 1})
    replace(store / "by-python.__metadata__.json", {"key": "by-python", "content_type": "application/json"})
    (store / "by-javascript.json").write_text('{"new": 2}')

    for path in API_PATHS[1:]:
        assert serving.http.delete(f"/v2/{path}/me~mine").is_success
    assert greenroom("import", tmp_path / "out").exit_code == 0
    order, requests = serving.queue("me~mine")
    assert (order, requests["b"]["retryCount"], requests["a"]["handledAt"][:10]) == (["c", "b"], 1, "2026-11-21")
    values = {key: json.loads(body) for key, (_, body) in serving.records("me~mine").items()}
    assert values == {"by-python": {"new": 1}, "by-javascript": {"new": 2}, "unchanged": {"old": 1}}


def replace(file: Path, content: Any) -> None:
    """Write a file atomically: a link is replaced, not followed."""
    new = file.with_name("new")
    new.write_text(json.dumps(content))
    new.replace(file)
