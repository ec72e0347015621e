"""Local storages as the SDKs of both languages write them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Json = dict[str, Any]
UNUSUAL_KEYS = [
    *(".", "..", "...", ".hidden", "__metadata__", "__metadata__.json", "a", "a.json", "a.txt", "a.json.json"),
    *("INPUT", "INPUT.json", "__RQ_STATE_x"),
    *("odd!'()", "-", "x.html", "n.1", "k" * 245, "CON"),
]
UNSUPPORTED_KEYS = ["x.__metadata__", "x.__metadata__.json", "l" * 256]


def write(folder: Path, files: dict[str, Any]) -> None:
    """Write files, each newer than the one before. Content other than bytes is written as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, content) in enumerate(files.items()):
        (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=2).encode())
        os.utime(folder / name, (1_700_000_000, 1_700_000_000 + number))


def javascript_request(name: str, order: int | None, **fields: Any) -> Json:
    request = {"id": name, "url": f"http://site/{name}", "uniqueKey": name, "method": "GET", "retryCount": 0, **fields}
    fields_of_file = {key: request[key] for key in ("id", "method", "retryCount", "uniqueKey", "url")}
    return {**fields_of_file, "json": json.dumps(request), "orderNo": order}


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


def write_like_javascript(project: Path) -> None:
    """Write storages as Crawlee for JavaScript does."""
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


def write_like_python(project: Path) -> None:
    """Write storages as Crawlee for Python does."""
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
