from __future__ import annotations

import contextlib
import os
import socket
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.builds.cancellation import WorkCancelled
from runtime.builds.contexts import OUTSIDE, Context, pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "sub/empty").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM a")
    (folder / "sub/a").write_text("text")
    (folder / "sub/a").chmod(0o755)
    (folder / "link").symlink_to("sub/a")
    return folder


def packed(folder: Path, dockerfile: Path | None = None) -> Context:
    return pack(folder, dockerfile or folder / "Dockerfile", folder.parent / "context.tar", lambda: None)


def members(context: Context) -> list[tarfile.TarInfo]:
    with tarfile.open(context.archive) as tar:
        return tar.getmembers()


def names(context: Context) -> list[str]:
    return [member.name for member in members(context)]


def text(context: Context, name: str) -> str:
    with tarfile.open(context.archive) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read().decode()


def test_the_archive_contains_the_whole_folder_and_begins_with_the_dockerfile(folder: Path) -> None:
    context = packed(folder)
    assert (context.dockerfile, names(context)) == (
        "Dockerfile",
        ["Dockerfile", "link", "sub", "sub/a", "sub/empty"],
    )
    found = {member.name: member for member in members(context)}
    assert (found["sub/a"].mode, found["sub/a"].uid, found["sub/a"].gid) == (0o755, 0, 0)
    assert found["link"].issym() and found["link"].linkname == "sub/a" and found["sub/empty"].isdir()
    assert (text(context, "sub/a"), text(context, "Dockerfile")) == ("text", "FROM a")


def test_dockerignore_cannot_exclude_the_files_that_the_builder_needs(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n!sub\nsub/empty")
    (folder / "sub/empty/x").touch()
    assert names(packed(folder)) == ["Dockerfile", ".dockerignore", "sub", "sub/a"]


@pytest.mark.parametrize("ignored", ["", "sub\n"])
def test_a_dockerfile_outside_the_folder_is_added_to_the_archive(folder: Path, tmp_path: Path, ignored: str) -> None:
    (tmp_path / "other").write_text("FROM other")
    (folder / ".dockerignore").write_text(ignored)
    context = packed(folder, tmp_path / "other")
    assert context.dockerfile == OUTSIDE and text(context, OUTSIDE) == "FROM other"
    assert text(context, ".dockerignore") == f"{ignored or '.dockerignore'}\n{OUTSIDE}\n"
    assert sorted(names(context)) == sorted({*names(context)})


def test_the_archive_does_not_begin_with_an_extended_header(folder: Path) -> None:
    """BuildKit recognizes an archive by its first kilobyte."""
    long = folder / ("a" * 60) / ("b" * 60) / "Dockerfile"
    long.parent.mkdir(parents=True)
    long.write_text("FROM a")
    context = packed(folder, long)
    assert context.dockerfile == OUTSIDE
    assert context.archive.read_bytes()[156:157] == tarfile.REGTYPE
    assert f"{'a' * 60}/{'b' * 60}/Dockerfile" in names(context)


def test_links_are_not_followed_and_sockets_are_skipped(folder: Path, tmp_path: Path) -> None:
    (folder / "out").symlink_to(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(folder):
        listening.bind("socket")
        found = {member.name: member for member in members(packed(folder))}
    assert found["out"].issym() and not any(name.startswith("out/") for name in found)
    assert "socket" not in found


def test_timestamps_do_not_change_the_digest(folder: Path) -> None:
    first = packed(folder).digest
    os.utime(folder / "sub/a", (0, 0))
    assert packed(folder).digest == first


def test_excluded_files_do_not_change_the_digest(folder: Path) -> None:
    (folder / ".dockerignore").write_text("sub/empty")
    first = packed(folder).digest
    (folder / "sub/empty/x").touch()
    assert packed(folder).digest == first


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "sub/a").write_text("Text"),
        lambda folder: (folder / "sub/a").chmod(0o644),
        lambda folder: (folder / "sub/a").rename(folder / "sub/b"),
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "sub/folder").mkdir(),
        lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("sub")),
        lambda folder: ((folder / "link").unlink(), (folder / "link").write_text("text")),
        lambda folder: (folder / "Dockerfile").write_text("FROM b"),
    ],
)
def test_every_change_of_the_files_changes_the_digest(folder: Path, change: Callable[[Path], object]) -> None:
    first = packed(folder).digest
    change(folder)
    assert packed(folder).digest != first


def test_packing_can_be_cancelled(folder: Path) -> None:
    def checkpoint() -> None:
        raise WorkCancelled

    with pytest.raises(WorkCancelled):
        pack(folder, folder / "Dockerfile", folder.parent / "context.tar", checkpoint)
