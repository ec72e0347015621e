from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.base.data_directory import DirectoryInUse, Instance

ROOT = Path(__file__).parents[3]


def test_the_identity_outlives_restarts_and_is_each_directorys_own(tmp_path: Path) -> None:
    ids = []
    for name in ("one", "one", "two"):
        instance = Instance(tmp_path / name)
        ids.append(instance.id)
        instance.close()
    assert ids[0] == ids[1] != ids[2]


def test_a_directory_in_use_is_refused_by_name_and_free_again_after_close(tmp_path: Path) -> None:
    first = Instance(tmp_path)
    with pytest.raises(DirectoryInUse, match=str(tmp_path)):
        Instance(tmp_path)
    first.close()
    Instance(tmp_path).close()


def test_a_killed_server_leaves_no_lock_behind(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from runtime.base.data_directory import Instance\n"
    code += "held = Instance(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    Instance(tmp_path).close()


def test_the_data_directory_is_made_for_the_owner_only(tmp_path: Path) -> None:
    Instance(tmp_path / "deep" / "data").close()
    assert (tmp_path / "deep" / "data").stat().st_mode & 0o777 == 0o700
