"""Archives of sources from anywhere: ZIP, tar and tar.gz, unpacked with the care that strangers deserve.

Regular files, folders and links that stay inside come out; everything else is refused, and so is an archive that is
larger unpacked than anybody's source.
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
from runtime.builds.cancelling import Checkpoint

CHUNK = 64 * 1024
MAX_READ_BYTES = 16 * 1024 * 1024
"""No header or directory of an honest archive is read in a larger piece."""
FREE_BYTES = 64 * 1024 * 1024
"""What any archive may hold, however well it is compressed."""
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # a compression that is not known
    RecursionError,  # headers of headers of headers
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What the standard library raises for archives that are damaged, or made to be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of what is unpacked. Folders count as entries, `ratio` is how often larger than the archive it may be."""

    entries: int = 100_000
    bytes: int = 2 * 1024**3
    ratio: int = 200


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One member of an archive. A link has a `target`; `content` is there for files."""

    name: str
    is_folder: bool = False
    is_executable: bool = False
    size: int = 0
    target: str | None = None
    is_hard_link: bool = False
    content: IO[bytes] | None = None


def unpack(archive: Path, into: Path, checkpoint: Checkpoint, limits: Limits = LIMITS) -> int:
    """Unpack into the empty folder `into`; how many files that were. Raises Invalid."""
    size = archive.stat().st_size
    allowed = min(limits.bytes, max(FREE_BYTES, size * limits.ratio))
    tree = _Tree(into, allowed, checkpoint)
    with archive.open("rb") as file, _telling_damage(), _entries(file, allowed) as entries:
        for count, entry in enumerate(entries, 1):
            checkpoint()
            tree.take(entry)
            if max(count, len(tree.paths)) > limits.entries:
                raise _refused(f"holds more than {limits.entries:,} entries")
        tree.make_links()
    if not tree.files:
        raise _refused("holds no file")
    return tree.files


class _Tree:
    """What comes out of an archive, as it comes."""

    def __init__(self, root: Path, allowed_bytes: int, checkpoint: Checkpoint) -> None:
        self.files = 0
        self.paths = SourcePaths()
        self._root = root
        self._allowed = self._left = allowed_bytes
        self._checkpoint = checkpoint
        self._written: set[str] = set()
        self._links: dict[str, str] = {}

    def take(self, entry: _Entry) -> None:
        path = self.paths.add(entry.name, is_folder=entry.is_folder)
        place = self._root / path
        if entry.is_folder:
            place.mkdir(parents=True, exist_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_hard_link:
            self._copy(path, entry)
        elif entry.target is not None:
            self._links[path] = _inner_target(path, entry.target)
        else:
            self._write(path, entry)
        self.files += 1

    def make_links(self) -> None:
        """Last of all, so that nothing is written through one."""
        for path, target in self._links.items():
            (self._root / path).symlink_to(target)
        root = self._root.resolve()
        for path, target in self._links.items():
            if not (self._root / path).resolve().is_relative_to(root):
                raise _refused(f"holds a link that leads out of it: {path!r} -> {target!r}")

    def _write(self, path: str, entry: _Entry) -> None:
        self._pay(entry.size)
        place, written = self._root / path, 0
        with place.open("xb") as file:
            while chunk := cast(IO[bytes], entry.content).read(CHUNK):
                self._checkpoint()
                written += len(chunk)
                if written > entry.size:
                    break
                file.write(chunk)
        if written != entry.size:
            raise _refused(f"is damaged: {path!r} does not have the {entry.size} bytes that it says")
        if entry.is_executable:
            place.chmod(0o755)
        self._written.add(path)

    def _copy(self, path: str, entry: _Entry) -> None:
        original = plain_path(entry.target or "")
        if original not in self._written:
            raise _refused(f"holds a hard link to what it does not hold: {path!r} -> {original!r}")
        self._pay((self._root / original).stat().st_size)
        shutil.copy(self._root / original, self._root / path)
        self._written.add(path)

    def _pay(self, size: int) -> None:
        self._left -= size
        if size < 0 or self._left < 0:
            raise _refused(f"unpacks to more than the {self._allowed:,} bytes that are allowed for its size")


def _inner_target(path: str, target: str) -> str:
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    is_odd = not 0 < len(target) <= MAX_PATH_CHARS or target.startswith("/") or "\\" in target or CONTROL.search(target)
    if is_odd or inside.startswith(".."):
        raise _refused(f"holds a link that leads out of it: {path!r} -> {target[:100]!r}")
    return target


@contextmanager
def _entries(file: BinaryIO, allowed_bytes: int) -> Iterator[Iterator[_Entry]]:
    """The members of an archive of either kind, told by its first bytes."""
    head = file.read(4)
    file.seek(0)
    if head[:2] == b"PK":
        with zipfile.ZipFile(cast(IO[bytes], _Guarded(file))) as archive:
            yield _zip_entries(archive)
        return
    plain = cast(IO[bytes], gzip.GzipFile(fileobj=file) if head[:2] == b"\x1f\x8b" else file)
    with closing(plain):
        guarded = _Guarded(plain, left=allowed_bytes + FREE_BYTES)
        with tarfile.open(fileobj=cast(IO[bytes], guarded), mode="r:") as members:
            yield _tar_entries(members, guarded)


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        if info.flag_bits & 1:
            raise _refused(f"is encrypted: {info.orig_filename!r}")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise _refused(f"holds what is neither file nor folder nor link: {info.orig_filename!r}")
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
        raise _refused("holds a link with an absurdly long target")
    return text.decode(errors="surrogateescape")


def _tar_entries(archive: tarfile.TarFile, plain: _Guarded) -> Iterator[_Entry]:
    for info in archive:
        if not (info.isreg() or info.isdir() or info.issym() or info.islnk()):
            raise _refused(f"holds what is neither file nor folder nor link: {info.name!r}")
        yield _Entry(
            info.name,
            is_folder=info.isdir(),
            is_executable=bool(info.mode & 0o111),
            size=info.size,
            target=info.linkname if info.issym() or info.islnk() else None,
            is_hard_link=info.islnk(),
            content=archive.extractfile(info) if info.isreg() else None,
        )
    # The library takes a broken header for the end.
    plain.seek(archive.offset)
    if plain.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise _refused("is cut off or damaged")
    while plain.read(CHUNK):  # up to the checksum of what was compressed
        pass


@dataclass(slots=True)
class _Guarded:
    """A file whose reader may be lied to about how much to read: no piece is large, and all together has a limit."""

    file: IO[bytes]
    left: int | None = None

    def read(self, size: int = -1) -> bytes:
        most = MAX_READ_BYTES + 1
        data = self.file.read(most if size < 0 else min(size, most))
        if len(data) == most:
            raise _refused("has a header or directory of an absurd size")
        if self.left is not None:
            self.left -= len(data)
            if self.left < 0:
                raise _refused("unpacks to more than is allowed for its size")
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
def _telling_damage() -> Iterator[None]:
    try:
        yield
    except BROKEN as problem:
        raise _refused(f"cannot be unpacked: {problem or type(problem).__name__}") from problem


def _refused(why: str) -> Invalid:
    return Invalid("invalid-value", f"The archive {why}")
