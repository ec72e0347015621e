from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.base.data_directory import DataDirectory, DirectoryInUse
from runtime.base.errors import StorageDamaged, StorageUnavailable

ROOT = Path(__file__).parents[3]


def test_each_directory_has_an_identity_that_survives_restarts(tmp_path: Path) -> None:
    ids = []
    for name in ("one", "one", "two"):
        directory = DataDirectory(tmp_path / name)
        ids.append(directory.instance_id)
        directory.close()
    assert ids[0] == ids[1] != ids[2]


def test_a_directory_in_use_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    first = DataDirectory(tmp_path)
    with pytest.raises(DirectoryInUse, match=str(tmp_path)):
        DataDirectory(tmp_path)
    first.close()
    DataDirectory(tmp_path).close()


def test_a_killed_server_leaves_no_lock_behind(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from runtime.base.data_directory import DataDirectory\n"
    code += "directory = DataDirectory(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    DataDirectory(tmp_path).close()


def test_only_the_owner_can_access_the_data_directory(tmp_path: Path) -> None:
    DataDirectory(tmp_path / "deep" / "data").close()
    assert (tmp_path / "deep" / "data").stat().st_mode & 0o777 == 0o700


DAMAGED = [b"", b"{", b"[]", b'"text"', b'{"id": 7, "signingKey": "key"}', b'{"id": null}', b"\xff\xfe", b"{} {}"]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_identity_is_reported_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    DataDirectory(tmp_path).close()
    (tmp_path / "instance.json").write_bytes(content)
    for _ in range(2):
        with pytest.raises(StorageDamaged, match=r"instance\.json is damaged.*backup"):
            DataDirectory(tmp_path)
    assert (tmp_path / "instance.json").read_bytes() == content


def test_a_damaged_identity_leaves_the_directory_unlocked(tmp_path: Path) -> None:
    DataDirectory(tmp_path).close()
    identity = (tmp_path / "instance.json").read_bytes()
    (tmp_path / "instance.json").write_bytes(b"{")
    with pytest.raises(StorageDamaged):
        DataDirectory(tmp_path)
    (tmp_path / "instance.json").write_bytes(identity)
    DataDirectory(tmp_path).close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_takes_no_files_has_a_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(StorageUnavailable, match="The data directory cannot be used because"):
        DataDirectory(tmp_path)
    monkeypatch.undo()
    DataDirectory(tmp_path).close()
