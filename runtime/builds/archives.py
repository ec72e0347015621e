"""Archives as sources: ZIP, tar and tar.gz files, which are treated as untrusted.

Only regular files, folders, and links to entries of the same archive are unpacked. Everything else is rejected, and so
is an archive whose content exceeds the limits.
"""

from __future__ import annotations

import gzip
import lzma
import posixpath
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from runtime.base.errors import Invalid
from runtime.base.source_paths import CONTROL, MAX_PATH_CHARS, SourcePaths, plain_path
from runtime.builds.cancellation import Checkpoint

CHUNK = 64 * 1024
MAX_READ_BYTES = 16 * 1024 * 1024
"""The largest header or directory that an archive may have."""
FREE_BYTES = 64 * 1024 * 1024
"""The content that any archive may have, whatever its compression ratio."""
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # an unsupported compression method
    RecursionError,  # a long chain of extended headers
    RuntimeError,
    ValueError,
    OverflowError,
)
"""Exceptions of the standard library for damaged and malicious archives."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the content. Folders count as entries; `ratio` is the content's size divided by the archive's."""

    entries: int = 100_000
    bytes: int = 2 * 1024**3
    ratio: int = 200


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One member of an archive. Links have a `target`, files have `content`."""

    name: str
    is_folder: bool = False
    is_executable: bool = False
    size: int = 0
    target: str | None = None
    is_hard_link: bool = False
    content: IO[bytes] | None = None


def unpack(archive: Path, into: Path, checkpoint: Checkpoint, limits: Limits = LIMITS) -> int:
    """Unpack into the empty folder `into` and return the number of files. Raises Invalid."""
    size = archive.stat().st_size
    allowed = min(limits.bytes, max(FREE_BYTES, size * limits.ratio))
    tree = _Tree(into, allowed, checkpoint)
    with archive.open("rb") as file, _damage_as_invalid(), _entries(file, allowed) as entries:
        for count, entry in enumerate(entries, 1):
            checkpoint()
            tree.add(entry)
            if max(count, len(tree.paths)) > limits.entries:
                raise _invalid(f"contains more than {limits.entries:,} entries")
        tree.create_links()
    if not tree.files:
        raise _invalid("contains no files")
    return tree.files


class _Tree:
    """The unpacked files and folders."""

    def __init__(self, root: Path, allowed_bytes: int, checkpoint: Checkpoint) -> None:
        self.files = 0
        self.paths = SourcePaths()
        self._root = root
        self._allowed_bytes = self._bytes_left = allowed_bytes
        self._checkpoint = checkpoint
        self._written: set[str] = set()
        self._links: dict[str, str] = {}

    def add(self, entry: _Entry) -> None:
        path = self.paths.add(entry.name, is_folder=entry.is_folder)
        target = self._root / path
        if entry.is_folder:
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_hard_link:
            self._copy(path, entry)
        elif entry.target is not None:
            self._links[path] = _inner_target(path, entry.target)
        else:
            self._write(path, entry)
        self.files += 1

    def create_links(self) -> None:
        """Create links after all files, so that no file is written through a link."""
        for path, target in self._links.items():
            (self._root / path).symlink_to(target)
        root = self._root.resolve()
        for path, target in self._links.items():
            if not (self._root / path).resolve().is_relative_to(root):
                raise _invalid(f"contains a link to the outside: {path!r} -> {target!r}")

    def _write(self, path: str, entry: _Entry) -> None:
        self._use_bytes(entry.size)
        target, written = self._root / path, 0
        with target.open("xb") as file:
            while chunk := cast(IO[bytes], entry.content).read(CHUNK):
                self._checkpoint()
                written += len(chunk)
                if written > entry.size:
                    break
                file.write(chunk)
        if written != entry.size:
            raise _invalid(f"is damaged: {path!r} does not have the {entry.size} bytes that its header declares")
        if entry.is_executable:
            target.chmod(0o755)
        self._written.add(path)

    def _copy(self, path: str, entry: _Entry) -> None:
        original = plain_path(entry.target or "")
        if original not in self._written:
            raise _invalid(f"contains a hard link to a missing file: {path!r} -> {original!r}")
        self._use_bytes((self._root / original).stat().st_size)
        shutil.copy(self._root / original, self._root / path)
        self._written.add(path)

    def _use_bytes(self, size: int) -> None:
        self._bytes_left -= size
        if size < 0 or self._bytes_left < 0:
            raise _invalid(f"unpacks to more than the {self._allowed_bytes:,} bytes allowed for its size")


def _inner_target(path: str, target: str) -> str:
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    is_absolute = target.startswith("/") or "\\" in target
    if not 0 < len(target) <= MAX_PATH_CHARS or is_absolute or CONTROL.search(target) or inside.startswith(".."):
        raise _invalid(f"contains a link to the outside: {path!r} -> {target[:100]!r}")
    return target


@contextmanager
def _entries(file: BinaryIO, allowed_bytes: int) -> Iterator[Iterator[_Entry]]:
    """Yield the members of an archive. Its first bytes decide which format it has."""
    head = file.read(4)
    file.seek(0)
    if head[:2] == b"PK":
        with zipfile.ZipFile(cast(IO[bytes], _LimitedFile(file))) as archive:
            yield _zip_entries(archive)
        return
    uncompressed = cast(IO[bytes], gzip.GzipFile(fileobj=file) if head[:2] == b"\x1f\x8b" else file)
    with closing(uncompressed):
        limited = _LimitedFile(uncompressed, left=allowed_bytes + FREE_BYTES)
        with tarfile.open(fileobj=cast(IO[bytes], limited), mode="r:") as members:
            yield _tar_entries(members, limited)


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        if info.flag_bits & 1:
            raise _invalid(f"is encrypted: {info.orig_filename!r}")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise _invalid(f"contains an entry that is not a file, folder or link: {info.orig_filename!r}")
        is_folder = info.orig_filename.endswith("/") or kind == stat.S_IFDIR
        if is_folder:
            yield _Entry(info.orig_filename, is_folder=True)
            continue
        with archive.open(info) as content:
            if kind == stat.S_IFLNK:
                yield _Entry(info.orig_filename, target=_link_text(content))
            else:
                yield _Entry(info.orig_filename, is_executable=bool(mode & 0o111), size=info.file_size, content=content)


def _link_text(content: IO[bytes]) -> str:
    text = content.read(MAX_PATH_CHARS + 1)
    if len(text) > MAX_PATH_CHARS:
        raise _invalid(f"contains a link whose target has more than {MAX_PATH_CHARS} characters")
    return text.decode(errors="surrogateescape")


def _tar_entries(archive: tarfile.TarFile, file: _LimitedFile) -> Iterator[_Entry]:
    for info in archive:
        if not (info.isreg() or info.isdir() or info.issym() or info.islnk()):
            raise _invalid(f"contains an entry that is not a file, folder or link: {info.name!r}")
        yield _Entry(
            info.name,
            is_folder=info.isdir(),
            is_executable=bool(info.mode & 0o111),
            size=info.size,
            target=info.linkname if info.issym() or info.islnk() else None,
            is_hard_link=info.islnk(),
            content=archive.extractfile(info) if info.isreg() else None,
        )
    # The standard library treats a damaged header as the end of the archive.
    file.seek(archive.offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise _invalid("is cut off or damaged")
    while file.read(CHUNK):  # until gzip has verified its checksum
        pass


@dataclass(slots=True)
class _LimitedFile:
    """A file for readers that trust the sizes in headers: it limits each read, and with `left` all reads together."""

    file: IO[bytes]
    left: int | None = None

    def read(self, size: int = -1) -> bytes:
        limit = MAX_READ_BYTES + 1
        data = self.file.read(limit if size < 0 else min(size, limit))
        if len(data) == limit:
            raise _invalid(f"has a header or directory of more than {MAX_READ_BYTES:,} bytes")
        if self.left is not None:
            self.left -= len(data)
            if self.left < 0:
                raise _invalid("unpacks to more bytes than are allowed for its size")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self.file.close()


@contextmanager
def _damage_as_invalid() -> Iterator[None]:
    """Translate exceptions of the standard library."""
    try:
        yield
    except BROKEN as problem:
        raise _invalid(f"cannot be unpacked: {problem or type(problem).__name__}") from problem


def _invalid(why: str) -> Invalid:
    return Invalid("invalid-value", f"The archive {why}")
