"""Build contexts: the archive that is sent to the engine, without the files that `.dockerignore` excludes.

The same content always has the same digest: timestamps and owners do not affect it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runtime.builds import dockerignore
from runtime.builds.cancellation import Checkpoint
from runtime.builds.dockerignore import DockerIgnore

OUTSIDE = ".dockerfile.greenroom"
"""The name in the archive of a Dockerfile that is outside the context folder."""
MAX_FIRST_NAME_BYTES = 99
"""A longer name needs an extended header, and BuildKit does not recognize an archive that begins with one."""


@dataclass(frozen=True, slots=True)
class Context:
    """`dockerfile` is the name of the Dockerfile in the archive; `digest` identifies the content."""

    archive: Path
    dockerfile: str
    digest: str


def pack(folder: Path, dockerfile: Path, archive: Path, checkpoint: Checkpoint) -> Context:
    """Write the archive. Raises Invalid if `.dockerignore` is not valid."""
    ignore = dockerignore.read(folder)
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        packing = _Packing(tar)
        name = _name_inside(folder, dockerfile)
        if name is None:
            name = OUTSIDE
            packing.add_text(OUTSIDE, dockerfile.read_bytes())
            # Exclude both files, or the classic builder would copy them into the image.
            packing.add_text(dockerignore.FILE, f"{ignore.text or dockerignore.FILE}\n{OUTSIDE}\n".encode())
        else:
            packing.add(name, dockerfile)
        for entry, path in _entries(os.fspath(folder), "", ignore):
            checkpoint()
            packing.add(entry, path)
    return Context(archive, name, packing.digest.hexdigest())


class _Packing:
    """Adds entries to an archive, each name once, and to the digest of its content."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.digest = hashlib.sha256()
        self._tar = tar
        self._names: set[str] = set()

    def add(self, name: str, path: str | Path) -> None:
        """Add a file, folder or link, without its owner. Other entries are skipped, because builders reject them."""
        info, status = tarfile.TarInfo(name), os.lstat(path)
        info.mode, info.mtime = stat.S_IMODE(status.st_mode), int(status.st_mtime)
        if stat.S_ISREG(status.st_mode):
            info.size = status.st_size
            with open(path, "rb") as file:
                self._put(info, file)
        elif stat.S_ISDIR(status.st_mode):
            info.type = tarfile.DIRTYPE
            self._put(info)
        elif stat.S_ISLNK(status.st_mode):
            info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
            self._put(info)

    def add_text(self, name: str, text: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(text)
        self._put(info, io.BytesIO(text))

    def _put(self, info: tarfile.TarInfo, file: IO[bytes] | None = None) -> None:
        if info.name in self._names:
            return
        self._names.add(info.name)
        content = _HashedFile(file) if file is not None else None
        self._tar.addfile(info, content)
        digest = content.digest.hexdigest() if content is not None else info.linkname
        entry = [info.name, info.mode, info.type.decode(), digest]
        self.digest.update(json.dumps(entry).encode(errors="surrogateescape"))


class _HashedFile(io.RawIOBase):
    """A file whose digest is computed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _name_inside(folder: Path, dockerfile: Path) -> str | None:
    """Return the Dockerfile's path in the context folder; None if it is outside, or if the path is too long."""
    real = dockerfile.resolve()
    if not real.is_relative_to(folder.resolve()):
        return None
    name = real.relative_to(folder.resolve()).as_posix()
    return name if len(os.fsencode(name)) <= MAX_FIRST_NAME_BYTES else None


def _entries(folder: str, prefix: str, ignore: DockerIgnore) -> Iterator[tuple[str, str]]:
    """Yield the name and path of each entry, always in the same order. Links are not followed."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = prefix + entry.name
        is_excluded = ignore.excludes(name) and name != dockerignore.FILE
        if not is_excluded:
            yield name, entry.path
        if entry.is_dir(follow_symlinks=False) and (not is_excluded or ignore.has_exceptions):
            yield from _entries(entry.path, f"{name}/", ignore)
