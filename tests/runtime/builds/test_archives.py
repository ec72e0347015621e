from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.builds import archives
from runtime.builds.archives import Limits, unpack
from runtime.builds.cancellation import WorkCancelled

SMALL = Limits(entries=20, bytes=100_000, ratio=200)
SECRET = "outside"


def zipped(*members: tuple[str, bytes], mode: int = 0, **fields: Any) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zip_info(name, mode, **fields), content)
    return data.getvalue()


def zip_info(name: str, mode: int = 0, **fields: Any) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = mode << 16
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def tarred(*members: tuple[str, bytes] | tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=format) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return data.getvalue()


def tar_info(name: str, kind: bytes, target: str = "", **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def zip_with_false_size(declared: int) -> bytes:
    """A file of 1000 bytes whose size is `declared` in both headers."""
    return patched(zipped(("a", bytes(1000))), struct.pack("<L", 1000), struct.pack("<L", declared))


def encrypted_zip() -> bytes:
    data = bytearray(zipped(("a", b"secret")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def overlapping_zip() -> bytes:
    """Two names for the same bytes, which is how small archives can have huge content."""
    data = zipped(("a", os.urandom(50)), ("b", os.urandom(50)))
    second = data.index(b"PK\x03\x04", 4)
    return patched(data, struct.pack("<L", second) + b"b", struct.pack("<L", 0) + b"b")


def pax_bomb() -> bytes:
    """A header with a declared size of four gigabytes."""
    info = tar_info("x", tarfile.XHDTYPE, size=4 * 1024**3)
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(30_000_000)


def chained_headers() -> bytes:
    one = tar_info("x", tarfile.GNUTYPE_LONGNAME, size=2).tobuf(tarfile.GNU_FORMAT) + b"a\0".ljust(512, b"\0")
    return one * 3000 + tarred(("a", b""))


def sparse_bomb() -> bytes:
    info = tarfile.TarInfo("holes")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(2**40)}
    info.pax_headers["GNU.sparse.map"] = "0,0"
    return tarred(info)


HOSTILE: dict[str, bytes | Callable[[], bytes]] = {
    "zip: traversal": zipped(("../outside", b"x")),
    "zip: deep traversal": zipped(("a/../../outside", b"x")),
    "zip: absolute": zipped(("/tmp/outside", b"x")),
    "zip: drive": zipped(("C:/outside", b"x")),
    "zip: backslashes": zipped(("..\\outside", b"x")),
    "zip: empty name": zipped(("", b"x")),
    "zip: only dots": zipped(("..", b"x")),
    "zip: NUL": zipped(("a\0b", b"x")),
    "zip: control characters": zipped(("a\x1b]0;title\x07", b"x")),
    "zip: line feed": zipped(("a\nb", b"x")),
    "zip: long name": zipped(("x" * 300, b"x")),
    "zip: long path": zipped(("/".join(["x" * 200] * 10), b"x")),
    "zip: deep path": zipped(("x/" * 100 + "x", b"x")),
    "zip: twice": lambda: zipped(("a", b"x"), ("a", b"y")),
    "zip: twice, with different spellings": zipped(("a", b"x"), ("./a", b"y")),
    "zip: case": zipped(("Dockerfile", b"x"), ("DOCKERFILE", b"y")),
    "zip: accents": zipped(("e\u0301", b"x"), ("\u00e9", b"y")),
    "zip: file as folder": zipped(("a", b"x"), ("a/b", b"y")),
    "zip: folder as file": zipped(("a/b", b"x"), ("a", b"y")),
    "zip: link outside": zipped(("a", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
    "zip: link up": zipped(("a", b"../outside"), mode=stat.S_IFLNK | 0o777),
    "zip: link with a long target": zipped(("a", b"x" * 5000), mode=stat.S_IFLNK | 0o777),
    "zip: fifo": zipped(("a", b""), mode=stat.S_IFIFO | 0o644),
    "zip: device": zipped(("a", b""), mode=stat.S_IFBLK | 0o644),
    "zip: socket": zipped(("a", b""), mode=stat.S_IFSOCK | 0o644),
    "zip: encrypted": encrypted_zip(),
    "zip: too large": zipped(("a", os.urandom(100_001))),
    "zip: too large in total": zipped(*((f"a{n}", bytes(10_000)) for n in range(11))),
    "zip: too many": zipped(*((f"a{n}", b"") for n in range(21))),
    "zip: too many folders": zipped(("a/" * 10 + "x", b""), ("b/" * 10 + "x", b"")),
    "zip: declares less than its content": zip_with_false_size(10),
    "zip: declares more than its content": zip_with_false_size(5000),
    "zip: declares four gigabytes": zip_with_false_size(0xFFFFFFF0),
    "zip: overlapping": overlapping_zip,
    "zip: cut off": zipped(("a", os.urandom(1000)))[:500],
    "zip: only its first bytes": b"PK\x03\x04",
    "zip: wrong checksum": lambda: patched(
        zipped(("a", b"x" * 50)), struct.pack("<L", zlib.crc32(b"x" * 50)), b"\1\2\3\4"
    ),
    "tar: traversal": tarred(("../outside", b"x")),
    "tar: absolute": tarred(("/tmp/outside", b"x")),
    "tar: not UTF-8": tarred(("a\udc80", b"x"), format=tarfile.GNU_FORMAT),
    "tar: link outside": tarred(tar_info("a", tarfile.SYMTYPE, "/etc/passwd")),
    "tar: link up": tarred(tar_info("a/b", tarfile.SYMTYPE, "../../outside")),
    "tar: link to nothing": tarred(tar_info("a", tarfile.SYMTYPE, "")),
    "tar: written through a link": tarred(tar_info("a", tarfile.SYMTYPE, "."), ("a/b", b"x")),
    "tar: link instead of a file": tarred(("a", b"x"), tar_info("a", tarfile.SYMTYPE, "b")),
    "tar: links that lead out together": tarred(
        tar_info("d/e/a", tarfile.SYMTYPE, "../.."), tar_info("b", tarfile.SYMTYPE, "d/e/a/../outside")
    ),
    "tar: links in a circle": tarred(tar_info("a", tarfile.SYMTYPE, "b"), tar_info("b", tarfile.SYMTYPE, "a")),
    "tar: link with a long target": tarred(tar_info("a", tarfile.SYMTYPE, "x" * 5000)),
    "tar: hard link outside": tarred(tar_info("a", tarfile.LNKTYPE, "../outside")),
    "tar: absolute hard link": tarred(tar_info("a", tarfile.LNKTYPE, "/etc/passwd")),
    "tar: hard link to a link": tarred(tar_info("l", tarfile.SYMTYPE, "x"), tar_info("a", tarfile.LNKTYPE, "l")),
    "tar: hard links as a bomb": tarred(
        ("a", bytes(10_000)), *(tar_info(f"l{n}", tarfile.LNKTYPE, "a") for n in range(11))
    ),
    "tar: fifo": tarred(tar_info("a", tarfile.FIFOTYPE)),
    "tar: character device": tarred(tar_info("a", tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "tar: block device": tarred(tar_info("a", tarfile.BLKTYPE, devmajor=8)),
    "tar: twice": tarred(("a", b"x"), ("a", b"y")),
    "tar: case": tarred(("src/a", b"x"), ("SRC/b", b"y")),
    "tar: too large": tarred(("a", bytes(100_001))),
    "tar: too many": tarred(*((f"a{n}", b"") for n in range(21))),
    "tar: a header of four gigabytes": pax_bomb,
    "tar: headers of headers": chained_headers,
    "tar: holes of a terabyte": sparse_bomb,
    "tar: cut off in a file": tarred(("a", b"x" * 5000))[:1024],
    "tar: cut off between files": tarred(("a", b"x"))[:1024],
    "tar: damaged": lambda: patched(tarred(("a", b"x"), ("second", b"y")), b"second\0", b"sXcond\0"),
    "tar.gz: bomb": lambda: gzip.compress(tarred(("a", bytes(50_000_000)))),
    "tar.gz: cut off": gzip.compress(tarred(("a", os.urandom(5000))))[:2000],
    "tar.gz: damaged": lambda: gzip.compress(tarred(("a", bytes(5000))))[:-8] + b"damaged!",
    "no archive": b"<html>404</html>" * 100,
    "nothing": b"",
    "zip: empty": zipped(),
    "tar: only folders": tarred(tar_info("a", tarfile.DIRTYPE)),
    "zeros": bytes(10_240),
}


def make(data: bytes | Callable[[], bytes], folder: Path) -> Path:
    archive = folder / "archive"
    archive.write_bytes(data() if callable(data) else data)
    return archive


def destination_in(folder: Path) -> Path:
    to = folder / "in" / "source"
    to.mkdir(parents=True)
    return to


def never_cancel() -> None:
    """A checkpoint that lets all work continue."""


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_rejected_and_write_nothing_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(archives, "FREE_BYTES", SMALL.bytes)
    archive, to = make(HOSTILE[name], tmp_path), destination_in(tmp_path)
    with pytest.raises(Invalid) as raised:
        unpack(archive, to, never_cancel, SMALL)
    assert raised.value.message.isprintable() and len(raised.value.message) < 500
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "in"}
    assert {path.name for path in to.parent.iterdir()} == {"source"}
    assert sum(path.stat().st_size for path in to.rglob("*") if path.is_file()) <= SMALL.bytes


def test_there_are_at_least_fifty_hostile_archives() -> None:
    assert len(HOSTILE) >= 50


GOOD = (("Dockerfile", b"FROM scratch"), ("src/main.py", b"print()"), ("empty", b""), ("grün/ß", b"x"))


@pytest.mark.parametrize(
    "data",
    [
        zipped(*GOOD),
        zipped(*GOOD, mode=stat.S_IFREG | 0o644),
        tarred(*GOOD),
        tarred(*GOOD, format=tarfile.GNU_FORMAT),
        tarred(tar_info(".", tarfile.DIRTYPE), *((f"./{name}", content) for name, content in GOOD)),
        gzip.compress(tarred(*GOOD)),
    ],
    ids=["zip", "zip of unix", "tar", "gnu tar", "tar of .", "tar.gz"],
)
def test_valid_archives_are_unpacked_completely(tmp_path: Path, data: bytes) -> None:
    to = destination_in(tmp_path)
    assert unpack(make(data, tmp_path), to, never_cancel) == len(GOOD)
    assert {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()} == dict(
        GOOD
    )


def test_only_the_executable_bit_of_modes_is_preserved(tmp_path: Path) -> None:
    to = destination_in(tmp_path)
    infos = [tar_info("run", tarfile.REGTYPE, mode=0o6755), tar_info("text", tarfile.REGTYPE, mode=0o000)]
    unpack(make(tarred(*infos), tmp_path), to, never_cancel)
    assert {path.name: oct(path.stat().st_mode & 0o7777) for path in to.iterdir()} == {"run": "0o755", "text": "0o644"}


def test_links_inside_the_archive_are_created(tmp_path: Path) -> None:
    to = destination_in(tmp_path)
    links = [
        tar_info("src/up", tarfile.SYMTYPE, "../a"),
        tar_info("all", tarfile.SYMTYPE, "src"),
        tar_info("dead", tarfile.SYMTYPE, "src/none"),
        tar_info("hard", tarfile.LNKTYPE, "a"),
    ]
    unpack(make(tarred(("a", b"text"), ("src/b", b"x"), *links), tmp_path), to, never_cancel)
    assert (to / "all" / "up").read_bytes() == (to / "hard").read_bytes() == b"text"
    assert (to / "dead").is_symlink()
    assert not (to / "hard").is_symlink()


def test_the_ratio_limits_the_content_of_a_small_archive(tmp_path: Path) -> None:
    archive = make(zipped(("a", bytes(archives.FREE_BYTES + 1))), tmp_path)
    with pytest.raises(Invalid, match="allowed for its size"):
        unpack(archive, destination_in(tmp_path), never_cancel, Limits(ratio=2))


def test_a_cancellation_stops_unpacking_within_a_file(tmp_path: Path) -> None:
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise WorkCancelled

    to = destination_in(tmp_path)
    with pytest.raises(WorkCancelled):
        unpack(make(zipped(("a", bytes(10_000_000))), tmp_path), to, checkpoint)
    assert (to / "a").stat().st_size < 1_000_000
