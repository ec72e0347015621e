"""Exports to local folders: what is written, and what is never touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.client.storages import DatasetsClient, KeyValueStoresClient
from cli.errors import CommandError
from cli.storage import writing
from tests.cli.serving import Serving, record_path
from tests.cli.storage.conftest import FOLDERS
from tests.cli.storage.local_storages import UNUSUAL_KEYS, write


def test_nothing_is_written_outside_the_folder(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    for key in UNUSUAL_KEYS:
        serving.http.put(record_path("me~mine", key), content=b"x").raise_for_status()
    before = {path.name for path in tmp_path.iterdir()}
    assert greenroom("export", "mine", "--to", tmp_path / "out").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == before | {"out"}
    store = tmp_path / "out/key_value_stores/mine"
    assert [path.name for path in store.parent.iterdir()] == ["mine"]
    assert all(path.resolve().parent == store for path in store.iterdir())


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", "a\0b"])
def test_a_name_that_leads_outside_the_folder_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError):
        writing.inside(tmp_path, name)


def test_existing_folders_are_replaced_only_with_force(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    serving.data("POST", "datasets", params={"name": "mine"})
    out = tmp_path / "out/datasets"
    write(out / "mine", {"000000007.json": {}})
    write(out / "other", {"000000007.json": {}})
    result = greenroom("export", "mine", "--to", tmp_path / "out")
    assert (result.exit_code, "would replace" in result.stderr) == (5, True)
    assert [path.name for path in (out / "mine").iterdir()] == ["000000007.json"]
    assert greenroom("export", "mine", "--to", tmp_path / "out", "--force").exit_code == 0
    assert [path.name for path in (out / "mine").iterdir()] == ["__metadata__.json"]
    assert sorted(path.name for path in out.iterdir()) == ["mine", "other"]


def test_a_failed_export_leaves_the_folder_unchanged(
    greenroom: Any, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(client: DatasetsClient, dataset_id: str) -> Iterator[bytes]:
        yield b"{}"
        raise CommandError("The server stopped.")

    monkeypatch.setattr(DatasetsClient, "lines", lines)
    serving.data("POST", "datasets", params={"name": "mine"})
    out = tmp_path / "out/datasets"
    write(out / "mine", {"000000007.json": {}})
    assert greenroom("export", "mine", "--to", tmp_path / "out", "--force").exit_code == 69
    assert [path.name for path in out.iterdir()] == ["mine"]
    assert [path.name for path in (out / "mine").iterdir()] == ["000000007.json"]


def test_a_record_that_is_deleted_during_the_export_is_skipped(
    greenroom: Any, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyValueStoresClient, "keys", lambda client, store_id: iter(["gone", "here"]))
    serving.data("POST", "key-value-stores", params={"name": "mine"})
    serving.http.put(record_path("me~mine", "here"), content=b"x").raise_for_status()
    printed = json.loads(greenroom("export", "mine", "--to", tmp_path / "out", "--json").stdout)
    assert [one["count"] for one in printed["exported"]] == [1]


def test_the_requested_storages_are_exported(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    run = serving.run()
    mine = serving.data("POST", "datasets", params={"name": "mine"})["id"]
    unnamed = serving.data("POST", "datasets")["id"]
    assert greenroom("export").exit_code == 64
    assert greenroom("export", "nobody").exit_code == 5
    assert greenroom("export", "--run", "nobody").exit_code == 5
    assert greenroom("export", mine, unnamed, "mine", "--run", run.id, "--to", tmp_path / "some").exit_code == 0
    assert {path.name for path in (tmp_path / "some/datasets").iterdir()} == {"mine", unnamed, "default"}
    assert {path.name for path in (tmp_path / "some").iterdir()} == set(FOLDERS)
    assert greenroom("export", "--all", "--to", tmp_path / "all").exit_code == 0
    assert {path.name for path in (tmp_path / "all/datasets").iterdir()} == {"mine", unnamed, run.default_dataset_id}
    metadata = {
        name: json.loads((tmp_path / f"some/datasets/{name}/__metadata__.json").read_text())
        for name in ("mine", unnamed, "default")
    }
    assert {name: (each["id"], each["name"]) for name, each in metadata.items()} == {
        "mine": (mine, "mine"),
        unnamed: (unnamed, None),
        "default": ("default", None),
    }


def test_two_storages_with_the_same_folder_are_rejected(greenroom: Any, serving: Serving, tmp_path: Path) -> None:
    run = serving.run()
    serving.data("POST", "datasets", params={"name": "default"})
    result = greenroom("export", "default", "--run", run.id, "--to", tmp_path / "out")
    assert (result.exit_code, "would both be written" in result.stderr) == (5, True)
    assert not (tmp_path / "out").exists()
