from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.base.data_directory import DataDirectory, DirectoryInUse

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
