from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.base.errors import Invalid
from runtime.builds.folders import Copied, copy_folder


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def copied(folder: Path, to: Path) -> Copied:
    to.mkdir()
    return copy_folder(folder, to, lambda: None)


def names(folder: Path) -> set[str]:
    to = folder.parent / "copy"
    copied(folder, to)
    return {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}


def test_files_that_are_never_copied(tmp_path: Path) -> None:
    tree = ["a.py", ".git/config", "sub/.git", "node_modules/x.js", ".venv/x", "sub/__pycache__/x.pyc", "storage/x"]
    write(tmp_path / "root", dict.fromkeys([*tree, "sub/storage/kept"], ""))
    assert names(tmp_path / "root") == {"a.py", "sub/storage/kept"}


def test_the_nearest_gitignore_decides(tmp_path: Path) -> None:
    write(
        tmp_path / "root",
        {
            ".gitignore": "*.log\nbuild/\n/only_at_root\n",
            "a.log": "",
            "build/x": "",
            "only_at_root": "",
            "sub/only_at_root": "",
            "sub/.gitignore": "!keep.log\nsecret\n",
            "sub/keep.log": "",
            "sub/other.log": "",
            "sub/secret": "",
            "secret": "",
        },
    )
    assert names(tmp_path / "root") == {".gitignore", "secret", "sub/.gitignore", "sub/keep.log", "sub/only_at_root"}


def test_gitignores_of_the_surrounding_repository_apply(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "*.env\n", "repo/actors/one/main.py": ""})
    write(tmp_path / "repo/actors/one", {"prod.env": ""})
    assert names(tmp_path / "repo/actors/one") == {"main.py"}


def test_a_folder_that_its_repository_ignores_can_be_an_actor(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "scratch/\n", "repo/scratch/one/main.py": ""})
    assert names(tmp_path / "repo/scratch/one") == {"main.py"}


def test_gitignores_above_a_folder_outside_a_repository_do_not_apply(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.py\n", "one/main.py": ""})
    assert names(tmp_path / "one") == {"main.py"}


def test_dockerignore_is_anchored_and_has_exceptions(tmp_path: Path) -> None:
    write(
        tmp_path / "root",
        {
            ".dockerignore": "# all but the source\ndata\n*.md\n**/*.tmp\n!data/keep\n./docs/\n",
            "data/drop": "",
            "data/keep": "",
            "sub/data": "",
            "NOTES.md": "",
            "README.md": "",
            "sub/x.tmp": "",
            "sub/x.md": "",
            "docs/x": "",
        },
    )
    assert names(tmp_path / "root") == {".dockerignore", "README.md", "data/keep", "sub/data", "sub/x.md"}


def test_files_that_a_build_reads_are_copied_even_if_dockerignore_excludes_them(tmp_path: Path) -> None:
    write(
        tmp_path / "root",
        {".dockerignore": "*\n", ".actor/actor.json": "{}", ".actor/Dockerfile": "", "Dockerfile": "", "x": ""},
    )
    assert names(tmp_path / "root") == {".actor/Dockerfile", ".actor/actor.json", ".dockerignore", "Dockerfile"}


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


@pytest.mark.parametrize(("name", "reason"), [("empty", "contains no files"), ("absent", "does not exist")])
def test_a_folder_without_files_is_rejected(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match=reason):
        copied(tmp_path / name, tmp_path / "copy")
