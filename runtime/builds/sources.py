"""A version's source as a folder."""

from __future__ import annotations

from pathlib import Path

from runtime.records import Version
from runtime.versions import source_bytes


def write_source(version: Version, root: Path) -> None:
    """Lay out the version's files under `root`; names were checked when the version was stored."""
    for file in version.source_files:
        path = root / file.name
        if file.folder:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source_bytes(file))
