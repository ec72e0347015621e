from __future__ import annotations

import os
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
