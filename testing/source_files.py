from __future__ import annotations

from pathlib import Path


def source_files(folder: Path) -> list[dict[str, str]]:
    """Return the text files of a folder as the `sourceFiles` of a version."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "node_modules" not in path.parts)
    return [
        {"name": path.relative_to(folder).as_posix(), "format": "TEXT", "content": path.read_text()}
        for path in files
        if "__pycache__" not in path.parts
    ]
