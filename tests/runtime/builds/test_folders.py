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


def test_what_never_goes(tmp_path: Path) -> None:
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


def test_gitignores_of_the_repository_around_hold_too(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "*.env\n", "repo/actors/one/main.py": ""})
    write(tmp_path / "repo/actors/one", {"prod.env": ""})
    assert names(tmp_path / "repo/actors/one") == {"main.py"}


def test_a_folder_its_repository_ignores_is_still_an_actor(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "scratch/\n", "repo/scratch/one/main.py": ""})
    assert names(tmp_path / "repo/scratch/one") == {"main.py"}


def test_gitignores_outside_a_repository_do_not_reach_in(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.py\n", "one/main.py": ""})
    assert names(tmp_path / "one") == {"main.py"}


def test_dockerignore_is_anchored_and_takes_back(tmp_path: Path) -> None:
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


def test_what_a_build_reads_goes_though_dockerignore_names_it(tmp_path: Path) -> None:
    write(
        tmp_path / "root",
        {".dockerignore": "*\n", ".actor/actor.json": "{}", ".actor/Dockerfile": "", "Dockerfile": "", "x": ""},
    )
    assert names(tmp_path / "root") == {".actor/Dockerfile", ".actor/actor.json", ".dockerignore", "Dockerfile"}


def test_links_inside_go_as_files_and_links_out_do_not(tmp_path: Path) -> None:
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
    left_out = copied(root, to).left_out
    files = {path.relative_to(to).as_posix(): path.read_text() for path in to.rglob("*") if path.is_file()}
    assert files == dict.fromkeys(["a/file", "folder_link/file", "link"], "text")
    assert not any(path.is_symlink() for path in to.rglob("*"))
    assert sorted(entry.split(":")[0] for entry in left_out) == sorted(
        ["'a/round'", "'dead'", "'folder_link/round'", "'itself'", "'out'", "'out_folder'", "'pipe'"]
    )


def test_scripts_stay_executable(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"run.sh": "#!/bin/sh", "text": ""})
    (root / "run.sh").chmod(0o700)
    (root / "text").chmod(0o600)
    copied(root, tmp_path / "copy")
    modes = {name: (tmp_path / "copy" / name).stat().st_mode & 0o777 for name in ("run.sh", "text")}
    assert modes == {"run.sh": 0o755, "text": 0o644}


def test_a_folder_of_any_size_goes(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/big").write_bytes(bytes(5_000_000))
    assert copied(tmp_path / "root", tmp_path / "copy").files == 1


@pytest.mark.parametrize(("name", "why"), [("empty", "holds no file"), ("absent", "is not there")])
def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match=why):
        copied(tmp_path / name, tmp_path / "copy")
