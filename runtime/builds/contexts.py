"""A build's context as the archive that the engine gets: the folder but for what `.dockerignore` names."""

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
from runtime.builds.cancelling import Checkpoint
from runtime.builds.dockerignore import DockerIgnore

OUTSIDE = ".dockerfile.greenroom"
"""The name of a Dockerfile that does not lie in the context."""
SHORT = 99
"""Bytes of a name that needs no header of its own: BuildKit does not know an archive by such a beginning."""


@dataclass(frozen=True, slots=True)
class Context:
    """`dockerfile` is its name in the archive, `digest` tells the same content from any other; times do not count."""

    archive: Path
    dockerfile: str
    digest: str


def pack(folder: Path, dockerfile: Path, archive: Path, checkpoint: Checkpoint) -> Context:
    """Write the archive. Raises Invalid for a `.dockerignore` that is no good."""
    ignore = dockerignore.read(folder)
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        packing = _Packing(tar)
        name = _name_inside(folder, dockerfile)
        if name is None:
            name = OUTSIDE
            packing.add_text(OUTSIDE, dockerfile.read_bytes())
            # Or else the classic builder would copy the two into the image.
            packing.add_text(dockerignore.FILE, f"{ignore.text or dockerignore.FILE}\n{OUTSIDE}\n".encode())
        else:
            packing.add(name, dockerfile)
        for other, path in _entries(os.fspath(folder), "", ignore):
            checkpoint()
            packing.add(other, path)
    return Context(archive, name, packing.digest.hexdigest())


class _Packing:
    """Adds to an archive, once by each name, and to the digest of all that is in it."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.digest = hashlib.sha256()
        self._tar = tar
        self._names: set[str] = set()

    def add(self, name: str, path: str | Path) -> None:
        """A file, folder or link; owners stay behind. Anything else no builder would take."""
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
        content = _Hashed(file) if file is not None else None
        self._tar.addfile(info, content)
        hashed = content.digest.hexdigest() if content is not None else info.linkname
        described = [info.name, info.mode, info.type.decode(), hashed]
        self.digest.update(json.dumps(described).encode(errors="surrogateescape"))


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _name_inside(folder: Path, dockerfile: Path) -> str | None:
    """The Dockerfile's name in the archive; None where it needs another."""
    real = dockerfile.resolve()
    if not real.is_relative_to(folder.resolve()):
        return None
    name = real.relative_to(folder.resolve()).as_posix()
    return name if len(os.fsencode(name)) <= SHORT else None


def _entries(folder: str, prefix: str, ignore: DockerIgnore) -> Iterator[tuple[str, str]]:
    """Names and paths of what goes along, always in the same order. No link is followed."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = prefix + entry.name
        is_left_out = ignore.leaves_out(name) and name != dockerignore.FILE
        if not is_left_out:
            yield name, entry.path
        if entry.is_dir(follow_symlinks=False) and (not is_left_out or ignore.takes_back):
            yield from _entries(entry.path, f"{name}/", ignore)
