from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.containers.disk_usage import quota_fault, used_bytes


def test_holes_do_not_count_and_hard_links_count_once(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    folders = used_bytes([tmp_path])
    (tmp_path / "a/b/full").write_bytes(os.urandom(1 << 20))
    os.link(tmp_path / "a/b/full", tmp_path / "again")
    os.truncate(os.open(tmp_path / "sparse", os.O_CREAT | os.O_WRONLY), 1 << 30)
    (tmp_path / "loop").symlink_to(tmp_path)
    os.sync()
    assert used_bytes([tmp_path]) - folders == pytest.approx(1 << 20, rel=0.02)


def test_all_roots_count_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(1 << 16))
    os.sync()
    both = used_bytes([tmp_path / "one", tmp_path / "two"])
    assert both == used_bytes([tmp_path / "one"]) + used_bytes([tmp_path / "two"])
    with pytest.raises(FileNotFoundError):
        used_bytes([tmp_path / "gone"])


@pytest.mark.parametrize(
    ("inconsistent", "threshold", "expected"),
    [(None, None, None), ("0\n", "8\n", None), ("1\n", "8\n", "rescan"), ("0\n", "3\n", "drop_subtree_threshold")],
)
def test_unreliable_btrfs_quotas_are_detected(
    tmp_path: Path, inconsistent: str | None, threshold: str | None, expected: str | None
) -> None:
    quotas = tmp_path / "some-uuid" / "qgroups"
    quotas.mkdir(parents=True)
    for name, text in (("inconsistent", inconsistent), ("drop_subtree_threshold", threshold)):
        if text is not None:
            (quotas / name).write_text(text)
    fault = quota_fault(tmp_path)
    assert fault is None if expected is None else fault is not None and expected in fault


LONG_NAME = "n" * 200


def make_deep_tree(top: Path, depth: int) -> None:
    """Nest folders deeper than any path can be long, and write a file of one MB in the lowest one."""
    fd = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(LONG_NAME, dir_fd=fd)
        lower = os.open(LONG_NAME, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = lower
    file = os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    os.write(file, os.urandom(1 << 20))
    os.fsync(file)
    os.close(file)
    os.close(fd)


@pytest.fixture
def deep_tree(tmp_path: Path) -> Iterator[Path]:
    top = tmp_path / "deep"
    top.mkdir()
    make_deep_tree(top, 1500)
    yield top
    subprocess.run(["rm", "-rf", str(top)], check=True)


def test_a_tree_that_is_deeper_than_any_path_is_measured_with_few_open_files(deep_tree: Path) -> None:
    (deep_tree / "beside").mkdir()
    (deep_tree / "beside" / "file").write_bytes(os.urandom(1 << 20))
    os.sync()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))  # the limit is one of numbers, and there may be gaps
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 10, limits[1]))
    try:
        used = used_bytes([deep_tree])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    du = subprocess.run(["du", "-s", "-B1", str(deep_tree)], capture_output=True, text=True, check=True)
    assert used >= 2 << 20
    assert used == pytest.approx(int(du.stdout.split()[0]), abs=8192)  # du also counts the top folder itself


def test_a_tree_of_many_deep_branches_is_measured(tmp_path: Path) -> None:
    for branch in range(5):
        folder = tmp_path
        for level in range(20):
            folder = folder / f"{branch}-{level}"
            folder.mkdir(parents=True)
            (folder / "file").write_bytes(os.urandom(1 << 14))
            (folder / "link").symlink_to(tmp_path)
            (folder / "empty").mkdir()
    os.sync()
    assert used_bytes([tmp_path]) >= 5 * 20 * (1 << 14)
    du = subprocess.run(["du", "-s", "-B1", str(tmp_path)], capture_output=True, text=True, check=True)
    assert used_bytes([tmp_path]) == pytest.approx(int(du.stdout.split()[0]), abs=8192)


@pytest.mark.parametrize("change", ["move", "remove", "replace", "move_above"])
def test_a_folder_that_disappears_during_the_walk_does_not_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    top = tmp_path / "top"
    for name in ("a/b/c", "d/e/f"):
        (top / name).mkdir(parents=True)
        (top / name / "file").write_bytes(os.urandom(1 << 16))
    (tmp_path / "elsewhere").mkdir()
    os.sync()
    scandir, scanned = os.scandir, list[int]()

    def scan_and_change(fd: int) -> object:
        scanned.append(fd)
        if len(scanned) == 4:  # in the lowest folder of the first branch
            [branch] = [each for each in ("a/b", "d/e") if os.path.samefile(f"/proc/self/fd/{fd}/..", top / each)]
            CHANGES[change](top / branch, tmp_path / "elsewhere")
        return scandir(fd)

    monkeypatch.setattr(os, "scandir", scan_and_change)
    assert used_bytes([top]) >= 1 << 16
    assert len(scanned) >= 6


def replace_by_link(folder: Path, elsewhere: Path) -> None:
    folder.rename(elsewhere / "moved")
    folder.symlink_to(elsewhere)


CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "move": lambda folder, elsewhere: folder.rename(elsewhere / "moved"),
    "remove": lambda folder, elsewhere: shutil.rmtree(folder),
    "replace": replace_by_link,
    "move_above": lambda folder, elsewhere: folder.parent.rename(elsewhere / "moved"),
}
