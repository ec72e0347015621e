from __future__ import annotations

from pathlib import Path

import pytest

from cli.configuration.loading import current_folder, differences, load


def test_a_file_with_the_settings_of_the_running_server_differs_in_nothing(tmp_path: Path) -> None:
    text = '[server]\nplan = "free"\nport = 3333\ncpu_burst_secs = 10\n[run]\nmemory = 512\n'
    (tmp_path / "greenroom.toml").write_text(text)
    assert differences(load(tmp_path), {"server.plan": "free"}, is_temporary=False) == []


def test_each_setting_that_differs_is_named_with_both_values(tmp_path: Path) -> None:
    (tmp_path / "greenroom.toml").write_text('[server]\nplan = "free"\nport = 4000\nstrict_memory = true\n')
    path, restart = tmp_path / "greenroom.toml", "To change it, restart the server."
    assert differences(load(tmp_path), {"server.port": 5000}, is_temporary=True) == [
        f"{path}:2: server.plan is free here, but the running server was started with the limits of this machine."
        f" {restart}",
        f"{path}:4: server.strict_memory is true here, but the running server was started with false. {restart}",
    ]
    assert "server.port is 4000 here, but the running server was started with 5000." in " ".join(
        differences(load(tmp_path), {"server.port": 5000}, is_temporary=False)
    )


def test_a_deleted_current_folder_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deleted = tmp_path / "deleted"
    deleted.mkdir()
    monkeypatch.chdir(deleted)
    deleted.rmdir()
    assert current_folder() is None
    assert load(None).file is None
