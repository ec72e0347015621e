"""Data directories with an empty database: copying one is ten times as fast as creating one."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from runtime.database import Database


def with_database(data_dir: Path) -> Path:
    """Put an empty database and its key into the directory, unless it has a database. Return the directory."""
    if not (data_dir / "greenroom.db").exists():
        for name, content in _new_files().items():
            (data_dir / name).write_bytes(content)
            (data_dir / name).chmod(0o600)
    return data_dir


@cache
def _new_files() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        Database(Path(folder)).close()
        return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}
