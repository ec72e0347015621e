"""Writes files of the user completely or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NEW_FILE_MODE = 0o666
"""The mode of a new file before the umask of the user applies."""


def replace_file(file: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file, or replace it, also if it is a symbolic link. Raises OSError, and leaves nothing behind then.

    `mode` is the exact mode of the file. By default, it is that of new files.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW  # the folder may belong to others
    try:
        with open(os.open(unfinished, flags, NEW_FILE_MODE if mode is None else mode), "wb") as stream:
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
