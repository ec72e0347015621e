from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.base.errors import Invalid
from runtime.builds.folders import Copied, copy_folder
from runtime.builds.push_selection import PushSelection


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def copied(folder: Path, to: Path, limit: Path | None = None) -> Copied:
    to.mkdir()
    return copy_folder(folder, to, PushSelection(folder, None), limit or folder, lambda: None)


def test_links_inside_the_folder_are_copied_as_files_and_others_are_skipped(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"a/file": "text"})
    write(tmp_path, {"outside/secret": "s"})
    (root / "link").symlink_to(root / "a/file")
    (root / "folder_link").symlink_to("a")
    (root / "out").symlink_to(tmp_path / "outside/secret")
    (root / "out_folder").symlink_to("../outside")
    (root / "dead").symlink_to("nowhere")
    (root / "a/round").symlink_to("..")
    (root / "itself").symlink_to("itself")
    os.mkfifo(root / "pipe")
    to = tmp_path / "copy"
    skipped = copied(root, to).skipped
    files = {path.relative_to(to).as_posix(): path.read_text() for path in to.rglob("*") if path.is_file()}
    assert files == dict.fromkeys(["a/file", "folder_link/file", "link"], "text")
    assert not any(path.is_symlink() for path in to.rglob("*"))
    assert sorted(entry.split(":")[0] for entry in skipped) == sorted(
        ["'a/round'", "'dead'", "'folder_link/round'", "'itself'", "'out'", "'out_folder'", "'pipe'"]
    )


def test_scripts_stay_executable(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"run.sh": "#!/bin/sh", "text": ""})
    (root / "run.sh").chmod(0o700)
    (root / "text").chmod(0o600)
    copied(root, tmp_path / "copy")
    modes = {name: (tmp_path / "copy" / name).stat().st_mode & 0o777 for name in ("run.sh", "text")}
    assert modes == {"run.sh": 0o755, "text": 0o644}


def test_a_folder_of_any_size_is_copied(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/big").write_bytes(bytes(5_000_000))
    assert copied(tmp_path / "root", tmp_path / "copy").files == 1


def test_a_folder_without_files_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="contains no files"):
        copied(tmp_path / "empty", tmp_path / "copy")


def test_links_are_followed_as_far_as_the_repository(tmp_path: Path) -> None:
    write(tmp_path / "repository", {"shared/file": "text", "actors/one/main.py": ""})
    write(tmp_path, {"outside": ""})
    folder = tmp_path / "repository/actors/one"
    (folder / "shared").symlink_to("../../shared")
    (folder / "out").symlink_to(tmp_path / "outside")
    result = copied(folder, tmp_path / "copy", tmp_path / "repository")
    assert (tmp_path / "copy/shared/file").read_text() == "text"
    assert result == Copied(2, ["'out': a link out of the repository"])


def test_a_file_that_was_copied_already_stays(tmp_path: Path) -> None:
    write(tmp_path, {"root/a": "new", "root/b": "new", "copy/a": "first"})
    root = tmp_path / "root"
    copy_folder(root, tmp_path / "copy", PushSelection(root, None), root, lambda: None)
    assert [(tmp_path / "copy" / name).read_text() for name in "ab"] == ["first", "new"]
