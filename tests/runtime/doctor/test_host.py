"""The checks of this host."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.doctor import Check, Verdict
from runtime.doctor.host import examine_host


def examine(data_dir: Path) -> dict[str, Check]:
    return {check.name: check for check in examine_host(data_dir)}


def test_a_data_directory_that_does_not_exist_yet_can_be_created(tmp_path: Path) -> None:
    assert examine(tmp_path / "new" / "data")["data directory"].verdict is Verdict.OK
    assert not (tmp_path / "new").exists()


def test_a_data_directory_below_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert examine(tmp_path / "file" / "data")["data directory"].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("free", "verdict"), [(10 * 1024**2, Verdict.FAIL), (2 * 1024**3, Verdict.WARN), (9 * 1024**3, Verdict.OK)]
)
def test_free_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("runtime.doctor.host.shutil.disk_usage", lambda _: usage)
    assert examine(tmp_path)["free disk"].verdict is verdict
