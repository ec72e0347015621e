from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.builds.local_folders import copy_actor


def write(root: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def a_repository(root: Path, actor_json: Any, **files: str) -> Path:
    """Create a repository with an Actor in actors/one, and return it."""
    write(root, {"actors/one/.actor/actor.json": actor_json, "actors/one/main.js": "", **files})
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


async def copied(folder: Path, tree: Path) -> tuple[set[str], list[str]]:
    """Return the files of the tree, without those of the Actor itself, and the log."""
    log: list[str] = []
    actor = await copy_actor(folder, tree, log.append)
    assert (actor / "main.js").is_file()
    return files_in(tree) - {(actor / name).relative_to(tree).as_posix() for name in files_in(actor)}, log


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_files_elsewhere_in_the_repository_are_copied_if_actor_json_names_them(tmp_path: Path) -> None:
    names = {
        "input": "../../../shared/input.json",
        "readme": "../../../README.md",
        "dockerfile": "../../../Dockerfile",
        "storages": {"datasets": {"default": "../../two/data.json"}},
        "output": "./output.json",
    }
    shared = ["shared/input.json", "shared/other.json", "README.md", "Dockerfile", "actors/two/data.json"]
    root = a_repository(tmp_path / "root", names, **dict.fromkeys(shared, ""))
    files, log = await copied(root / "actors/one", tmp_path / "tree")
    assert files == {"shared/input.json", "README.md", "Dockerfile", "actors/two/data.json"}
    assert log[0] == "ACTOR: Copied 2 files"
    assert "'../../Dockerfile', '../../README.md', '../../shared/input.json', '../two/data.json'." in log[1]
    assert "`apify push` sends only the folder" in log[1]


@pytest.mark.parametrize("name", ["../../../../secret", "/etc/hostname", "../../../ignored.json", "../../../link"])
async def test_no_other_file_is_copied(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"secret": ""})
    root = a_repository(tmp_path / "root", {"input": name}, **{".gitignore": "ignored.json", "ignored.json": "{}"})
    (root / "link").symlink_to("../secret")
    files, log = await copied(root / "actors/one", tmp_path / "tree")
    assert (files, len(log)) == (set(), 1)


async def test_without_a_repository_only_the_folder_is_copied(tmp_path: Path) -> None:
    write(
        tmp_path / "root",
        {"shared.json": "", "one/main.js": "", "one/.actor/actor.json": {"input": "../../shared.json"}},
    )
    assert (await copied(tmp_path / "root/one", tmp_path / "tree"))[0] == set()


async def test_a_build_context_above_the_actor_is_copied_without_what_git_ignores(tmp_path: Path) -> None:
    files = {".gitignore": "*.log", "shared/a.js": "", "x.log": "", "node_modules/x": "", "actors/two/main.js": ""}
    root = a_repository(tmp_path / "root", {"dockerContextDir": "../../.."}, **files)
    found, _ = await copied(root / "actors/one", tmp_path / "tree")
    assert found == {".gitignore", "shared/a.js", "actors/two/main.js"}


async def test_an_invalid_actor_json_is_left_to_its_reader(tmp_path: Path) -> None:
    for text in ("{", "[]"):
        root = a_repository(tmp_path / text, text)
        assert (await copied(root / "actors/one", tmp_path / f"tree{text}"))[0] == set()


async def test_a_folder_that_does_not_exist_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="does not exist"):
        await copy_actor(tmp_path / "absent", tmp_path / "tree", print)
