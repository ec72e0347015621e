from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runtime.base.files import replace_file


def test_a_file_is_written_with_its_mode_and_a_link_is_replaced(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("other")
    (tmp_path / "link").symlink_to(other)
    replace_file(tmp_path / "link", b"new", mode=0o600)
    assert (other.read_text(), (tmp_path / "link").read_text()) == ("other", "new")
    assert (tmp_path / "link").stat().st_mode & 0o777 == 0o600
    assert sorted(tmp_path.iterdir()) == [tmp_path / "link", other]


def test_nothing_remains_of_a_file_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "file", b"secret", mode=0o600)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "old")]
