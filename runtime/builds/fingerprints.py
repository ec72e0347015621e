"""What a build is made of as one short text: the same one makes the same image."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from runtime.builds.cancelling import Checkpoint


def fingerprint(
    context: Path, dockerfile: str, build_args: Mapping[str, str], images: Mapping[str, str], checkpoint: Checkpoint
) -> str:
    """`images` are the ids of those that it stands on, by their names. Times of files do not count."""
    whole = hashlib.sha256(json.dumps([dockerfile, dict(build_args), dict(images)], sort_keys=True).encode())
    for path in sorted(_entries(context)):
        checkpoint()
        whole.update(_described(context, path))
    return whole.hexdigest()


def _entries(context: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(context):
        yield from (Path(folder, name) for name in [*folders, *files])


def _described(context: Path, path: Path) -> bytes:
    name, mode = path.relative_to(context).as_posix(), path.lstat().st_mode
    if path.is_symlink():
        content = os.readlink(path)
    elif path.is_file():
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    else:
        content = ""
    return json.dumps([name, mode, content]).encode(errors="surrogateescape")
