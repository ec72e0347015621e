from __future__ import annotations

from pathlib import Path

import pytest

from cli.options import data_dir_option


def test_a_command_to_copy_names_only_another_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GREENROOM_DATA_DIR", str(tmp_path / "default"))
    assert data_dir_option(tmp_path / "default") == ""
    assert data_dir_option(Path("/my data")) == " --data-dir '/my data'"
