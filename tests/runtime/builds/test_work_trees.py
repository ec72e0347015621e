from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runtime.builds import work_trees
from runtime.builds.git import Git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the tracked file a/kept.log, although *.log is ignored."""
    root = tmp_path / "root"
    (root / "a/deep").mkdir(parents=True)
    for name in ("a/kept.log", "a/x.log", "a/deep/y.log", "a/new.js"):
        (root / name).write_text("")
    (root / ".gitignore").write_text("*.log\n")
    subprocess.run("git init --quiet && git add --force a/kept.log", cwd=root, shell=True, check=True)
    return root


async def test_the_root_is_that_of_the_repository_or_the_folder_itself(root: Path, tmp_path: Path) -> None:
    assert await work_trees.repository_root(root / "a") == root
    assert await work_trees.repository_root(root) == root
    assert await work_trees.repository_root(tmp_path) == tmp_path


async def test_only_untracked_files_are_ignored(root: Path, tmp_path: Path) -> None:
    ignored = await work_trees.ignored_paths(root / "a")
    assert ignored is not None and {"x.log", "deep/"} <= ignored and "kept.log" not in ignored
    assert await work_trees.ignored_paths(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "belongs"),
    [("a/kept.log", True), ("a/new.js", True), ("a/x.log", False), ("*", False), (".git/HEAD", False)],
)
async def test_a_file_belongs_to_the_repository_if_git_tracks_it_or_would_add_it(
    root: Path, name: str, belongs: bool
) -> None:
    assert await work_trees.belongs_to_repository(root, root / name) is belongs


async def test_without_git_there_is_no_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.builds.work_trees.shutil.which", lambda _: None)
    assert await work_trees.repository_root(root / "a") == root / "a"
    assert await work_trees.ignored_paths(root) is None


async def test_outside_a_repository_git_is_not_started(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start takes milliseconds of a build."""
    starts: list[Path] = []
    run = Git.run

    async def count(git: Git, *words: str) -> str:
        starts.append(root)
        return await run(git, *words)

    monkeypatch.setattr(Git, "run", count)
    assert await work_trees.repository_root(root.parent) == root.parent
    assert not starts
    await work_trees.repository_root(root / "a")
    assert len(starts) == 1


async def test_a_program_in_the_settings_of_the_repository_is_not_started(root: Path) -> None:
    start_with_git(root, f"touch {root}/started")
    assert await work_trees.ignored_paths(root) is not None
    assert not (root / "started").exists()


def start_with_git(root: Path, command: str) -> None:
    """Make git start a command whenever it reads the index, as the settings of a repository can."""
    program = root / "program"
    program.write_text(f"#!/bin/sh\n{command}\n")
    program.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(program)], cwd=root, check=True)
