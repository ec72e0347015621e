"""`greenroom dataset`, `kvs` and `queue`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Greenroom
from tests.cli.serving import Serving


def test_items_can_be_pushed_to_a_new_dataset_and_read_in_any_format(greenroom: Greenroom, serving: Serving) -> None:
    pushed = greenroom("dataset", "push", "mine", '[{"a": 1}, {"a": 2}]')
    assert (pushed.stdout, pushed.stderr) == ("Pushed 2 items to dataset mine.\n", "Creating the dataset mine.\n")
    lines = greenroom("dataset", "get", "mine").stdout
    assert lines == '{"a":1}\n{"a":2}\n'
    assert json.loads(greenroom("dataset", "push", "mine", "-", "--json", stdin=lines).stdout)["pushed"] == 2
    assert serving.items("~mine") == [{"a": 1}, {"a": 2}] * 2
    assert greenroom("dataset", "get", "mine", "--offset", 1, "-n", 1, "--json").stdout == '[{"a":2}]\n'
    assert greenroom("dataset", "get", "mine", "--format", "csv", "-n", 1).stdout.split() == ["a", "1"]
    assert greenroom("dataset", "get", "mine").stderr == ""
    assert greenroom("dataset", "get", "mine", "--format", "xlsx").stdout_bytes.startswith(b"PK")


def test_an_empty_dataset_is_reported_beside_its_empty_content(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    found = greenroom("dataset", "get", "last")
    assert (found.stdout, found.stderr) == ("", f"The dataset {run.default_dataset_id} has no items.\n")


@pytest.mark.parametrize(("content", "reason"), [("{", "not valid JSON"), ("[1]", "Entry 1 is not a JSON object: 1.")])
def test_invalid_items_create_no_dataset(greenroom: Greenroom, serving: Serving, content: str, reason: str) -> None:
    failed = greenroom("dataset", "push", "mine", content)
    assert (failed.exit_code, reason in failed.stderr, "Pass a JSON object" in failed.stderr) == (5, True, True)
    assert serving.data("GET", "datasets", params={"unnamed": 1})["total"] == 0


def test_a_run_stands_for_its_default_storages(greenroom: Greenroom, serving: Serving, tmp_path: Path) -> None:
    run = serving.run("hello")
    greenroom("dataset", "push", "last", '{"a": 1}')
    assert serving.items(run.default_dataset_id) == [{"a": 1}]
    assert greenroom("kvs", "push", "hello", "k", "text").exit_code == 0
    assert greenroom("kvs", "get", run.id, "k").stdout == "text"
    exported = greenroom("dataset", "export", "last", "--to", tmp_path / "out")
    assert (exported.exit_code, len(list((tmp_path / "out" / "datasets").iterdir()))) == (0, 1)
    missing = greenroom("dataset", "get", "nothing")
    assert (missing.exit_code, "no dataset with the id or name 'nothing', and no such run" in missing.stderr) == (
        5,
        True,
    )


def test_records_are_stored_with_a_content_type_and_printed_as_they_are(
    greenroom: Greenroom, serving: Serving, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text("<p>")
    (tmp_path / "bytes").write_bytes(b"\xff\x00")
    for key, value in (("a", '{"x": 1}'), ("b", "text"), ("c", f"@{tmp_path}/page.html"), ("d", f"@{tmp_path}/bytes")):
        assert greenroom("kvs", "push", "mine", key, value).exit_code == 0
    stored = {key: (kind.partition(";")[0], value) for key, (kind, value) in serving.records("~mine").items()}
    assert stored == {
        "a": ("application/json", b'{"x": 1}'),
        "b": ("text/plain", b"text"),
        "c": ("text/html", b"<p>"),
        "d": ("application/octet-stream", b"\xff\x00"),
    }
    assert greenroom("kvs", "get", "mine").stdout.split() == ["a", "b", "c", "d"]
    assert greenroom("kvs", "get", "mine", "d").stdout_bytes == b"\xff\x00"
    assert json.loads(greenroom("kvs", "get", "mine", "a", "--json").stdout)["value"] == {"x": 1}
    assert json.loads(greenroom("kvs", "get", "mine", "--json").stdout)["keys"] == ["a", "b", "c", "d"]
    missing = greenroom("kvs", "get", "mine", "e", "--json")
    assert (missing.exit_code, json.loads(missing.stdout)["error"]["code"]) == (5, "record-not-found")


def test_requests_are_urls_or_objects_and_are_added_once(greenroom: Greenroom, serving: Serving) -> None:
    assert greenroom("queue", "push", "mine", "http://a.example").exit_code == 0
    again = greenroom("queue", "push", "mine", "-", stdin="http://a.example\nhttp://b.example\n")
    assert again.stdout == "Pushed 2 requests to queue mine, 1 of them already present.\n"
    assert greenroom("queue", "push", "mine", '{"url": "http://c.example", "method": "POST"}').exit_code == 0
    order, requests = serving.queue("~mine")
    assert sorted(order) == ["http://a.example", "http://b.example", "http://c.example"]
    assert requests["http://c.example"]["method"] == "POST"
    printed = [json.loads(line) for line in greenroom("queue", "get", "mine", "--pending").stdout.splitlines()]
    assert {request["url"] for request in printed} == set(order)
    assert len(json.loads(greenroom("queue", "get", "mine", "-n", 2, "--json").stdout)["requests"]) == 2
    without_url = greenroom("queue", "push", "mine", '{"uniqueKey": "x"}')
    assert (without_url.exit_code, "Pass URLs" in without_url.stderr) == (5, True)


def test_a_missing_file_is_reported_with_what_can_be_passed(greenroom: Greenroom, serving: Serving) -> None:
    failed = greenroom("kvs", "push", "mine", "config", "@absent.json")
    assert (failed.exit_code, "Cannot read absent.json" in failed.stderr, "@FILE" in failed.stderr) == (5, True, True)


@pytest.mark.parametrize(
    ("command", "label"), [("dataset", "datasets"), ("kvs", "key-value stores"), ("queue", "queues")]
)
def test_storages_are_listed_newest_first(greenroom: Greenroom, serving: Serving, command: str, label: str) -> None:
    assert f"There are no {label}" in greenroom(command, "ls").stderr.replace("request ", "")
    run = serving.run()
    listed: Any = greenroom(command, "ls")
    assert listed.stdout.splitlines()[1].endswith(run.id)
    assert json.loads(greenroom(command, "ls", "--json").stdout)["total"] == 1
