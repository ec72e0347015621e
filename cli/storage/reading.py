"""What stands in the folders of the SDKs' storages, whichever language wrote it. Everything raises Problem.

Nothing is held in memory but places: of a dataset one name an item, of a queue one name and unique key a request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cli.errors import INVALID_INPUT, Problem
from cli.storage.layout import (
    BINARY,
    DATASETS,
    DEFAULT,
    INPUT_KEY,
    JSON,
    KEY,
    KINDS,
    MAX_PAYLOAD_BYTES,
    METADATA,
    METADATA_SUFFIX,
    QUEUE_STATE,
    ROOTS,
    STORES,
    TEXT,
    Kind,
    content_type_of,
    holds_storages,
)
from runtime.base.clock import iso
from runtime.base.json_text import loads

LEFTOVERS = ("__CRAWLEE_", "__OLD_", ".")
"""How folders begin that a tool was about to rename or remove."""
NO_RECORDS = frozenset({".DS_Store", ".gitignore", ".gitkeep", "Thumbs.db", "desktop.ini", METADATA})
INPUT_FILES = frozenset({f"{INPUT_KEY}.json", f"{INPUT_KEY}.txt", f"{INPUT_KEY}.bin"})
"""Where Python finds its input it keeps it, and takes the file's name for the key."""
SNIFFED_BYTES = 65_536
PYTHON_FIELDS = {
    "unique_key": "uniqueKey",
    "user_data": "userData",
    "retry_count": "retryCount",
    "no_retry": "noRetry",
    "loaded_url": "loadedUrl",
    "handled_at": "handledAt",
}
"""Fields of a request as Python's files spell them, and as the API does."""

Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one storage; `root` is the one of all storages."""

    kind: Kind
    path: Path
    root: Path

    @property
    def is_default(self) -> bool:
        return self.path.name == DEFAULT

    def __str__(self) -> str:
        return f"{self.kind.folder}/{self.path.name}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a key-value store and the file that holds its bytes."""

    key: str
    content_type: str
    file: Path


@dataclass(frozen=True, slots=True)
class Content:
    """What a folder holds, in its order: files of items, records, or files of requests; and what is none of these."""

    items: list[Path] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    requests: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.items) + len(self.records) + len(self.requests)


def folders(path: Path) -> list[Folder]:
    """The storages in a project, in its `storage` folder, among one kind, or the one that `path` itself is."""
    path = path.resolve()
    for root in (path, *(path / name for name in ROOTS)):
        if holds_storages(root):
            return [folder for kind in KINDS.values() for folder in _of_kind(kind, root)]
    if path.parent.name in KINDS:
        return [Folder(KINDS[path.parent.name], path, path.parent.parent)]
    if path.name in KINDS:
        return _of_kind(KINDS[path.name], path.parent)
    raise Problem(
        f"{path} holds no storages: there is no {', '.join(KINDS)} in it.",
        "Name a project's folder, its `storage` folder, or the folder of one storage as storage/datasets/default.",
        exit_code=INVALID_INPUT,
    )


def content(folder: Folder) -> Content:
    """What a folder holds. Raises Problem for anything that should be data and could not be imported."""
    if folder.kind is DATASETS:
        return _dataset(folder)
    return _store(folder) if folder.kind is STORES else _queue(folder)


def items(files: Iterable[Path]) -> Iterator[bytes]:
    """The items as the text of their files."""
    for file in files:
        text = file.read_bytes().strip()
        _parsed(file, text)
        if len(text) + 2 > MAX_PAYLOAD_BYTES:
            raise _broken(file, f"an item may have at most {MAX_PAYLOAD_BYTES} bytes")
        yield text


def requests(files: Iterable[Path]) -> Iterator[Request]:
    """The requests as the API takes them."""
    return (_request(file, _object(file)) for file in files)


def _of_kind(kind: Kind, root: Path) -> list[Folder]:
    parent = root / kind.folder
    paths = sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []
    return [Folder(kind, path, root) for path in paths if not path.name.startswith(LEFTOVERS)]


def _files(folder: Folder, left_out: list[str]) -> Iterator[Path]:
    """The folder's own files: a link to a neighbour is another name for it, and a lock is a folder."""
    for path in sorted(folder.path.iterdir()):
        if path.name in NO_RECORDS or (path.is_symlink() and path.resolve().parent == folder.path):
            continue
        if path.is_file():
            yield path
        elif path.suffix != ".lock":
            left_out.append(f"{folder}/{path.name}: it is no file")


def _dataset(folder: Folder) -> Content:
    left_out: list[str] = []
    found = [path for path in _files(folder, left_out) if _is_json(folder, path, left_out)]
    found.sort(key=lambda path: (int(path.stem) if path.stem.isdecimal() else 0, path.name))
    for _ in items(found):  # read once before anything is sent
        pass
    return Content(items=found, left_out=left_out)


def _is_json(folder: Folder, path: Path, left_out: list[str]) -> bool:
    if path.suffix == ".json":
        return True
    left_out.append(f"{folder}/{path.name}: not among the files of a {folder.kind.label}")
    return False


def _store(folder: Folder) -> Content:
    left_out: list[str] = []
    newest: dict[str, Record] = {}
    for record in sorted(_records(folder, left_out), key=lambda record: record.file.stat().st_mtime_ns):
        older = newest.pop(record.key, None)
        if older:
            left_out.append(f"{folder}/{older.file.name}: an older value of {record.key}")
        newest[record.key] = record
    if folder.is_default:
        # The states of queues say the order of these; as records they would mean nothing on a server.
        newest = {key: record for key, record in newest.items() if not key.startswith(QUEUE_STATE)}
    return Content(records=[newest[key] for key in sorted(newest)], left_out=left_out)


def _records(folder: Folder, left_out: list[str]) -> Iterator[Record]:
    files = {path.name: path for path in _files(folder, left_out)}
    notes = [path for name, path in files.items() if name.endswith(METADATA_SUFFIX)]
    for path in notes:
        del files[path.name]
    for path in notes:
        record = _noted(path, files)
        if record is None:
            left_out.append(f"{folder}/{path.name}: the record it describes is not there")
            continue
        del files[record.file.name]
        yield record
    for path in files.values():
        yield _plain(path)


def _noted(note: Path, files: dict[str, Path]) -> Record | None:
    """The record that a metadata file describes, in the file that either language would have given it."""
    text = note.read_bytes()
    value = _json(note, text)
    # JavaScript wraps it up twice.
    told = _parsed(note, value.encode() if isinstance(value, str) else text)
    name = note.name.removesuffix(METADATA_SUFFIX)
    key = told.get("key") or unquote(name)
    file = files.get(name) or files.get(f"{key}.{told.get('extension')}")
    if file is None:
        return None
    content_type = told.get("contentType") or told.get("content_type") or _type_of(file)
    return Record(_key(file, INPUT_KEY if key == file.name in INPUT_FILES else key), content_type, file)


def _plain(file: Path) -> Record:
    """A record without metadata: the extension is no part of its key, and tells the content type."""
    return Record(_key(file, file.stem), _type_of(file), file)


def _key(file: Path, key: Any) -> str:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise _broken(file, f"{key!r} is no key: 1 to 256 of the characters a-zA-Z0-9!-_.'() make one")
    return key


def _type_of(file: Path) -> str:
    known = content_type_of(file.suffix) or content_type_of(f".{file.name}")
    if known:
        return known
    if file.name == INPUT_KEY and _is_readable_json(file):
        return JSON
    with file.open("rb") as stream:
        start = stream.read(SNIFFED_BYTES)
    try:
        start.decode()
    except UnicodeDecodeError as problem:
        is_cut = len(start) == SNIFFED_BYTES and problem.start >= SNIFFED_BYTES - 3
        return TEXT if is_cut else BINARY
    return TEXT


def _is_readable_json(file: Path) -> bool:
    try:
        loads(file.read_bytes())
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Order:
    """What Python last wrote down of a queue's order, and when: the front's latest comes first, the rest behind."""

    front: dict[str, int] = field(default_factory=dict)
    regular: dict[str, int] = field(default_factory=dict)
    written_at: int = 0


def _queue(folder: Folder) -> Content:
    left_out: list[str] = []
    order = _order(folder)
    found: dict[str, tuple[float, int, Path]] = {}
    for path in sorted(_queue_files(folder, left_out), key=lambda path: path.stat().st_mtime_ns):
        told = _object(path)
        key = _request(path, told)["uniqueKey"]
        if key in found:
            left_out.append(f"{folder}/{found[key][2].name}: an older state of a request")
        # Requests of one batch have the same rank in JavaScript: then the older file is the earlier request.
        found[key] = (_rank(path, told, key, order), path.stat().st_mtime_ns, path)
    return Content(requests=[path for _, _, path in sorted(found.values())], left_out=left_out)


def _queue_files(folder: Folder, left_out: list[str]) -> list[Path]:
    files = list(_files(folder, left_out))
    for path in files:
        if path.name.startswith("db.sqlite"):
            raise _broken(path, "a queue of Apify SDK 2 is a database, which cannot be imported")
    return [path for path in files if _is_json(folder, path, left_out)]


def _order(folder: Folder) -> _Order:
    metadata = folder.path / METADATA
    id = _object(metadata).get("id") if metadata.is_file() else None
    place = folder.root / STORES.folder / DEFAULT / f"{QUEUE_STATE}{id}"
    if not place.is_file() or not place.stat().st_size:  # Python empties it when it purges the queue
        return _Order()
    state = _object(place)
    return _Order(state.get("forefront_requests", {}), state.get("regular_requests", {}), place.stat().st_mtime_ns)


def _rank(file: Path, told: dict[str, Any], key: str, order: _Order) -> float:
    """Sorts as the queue does. JavaScript's `orderNo` is a time, negative at the front; Python counts on both sides."""
    number = told.get("orderNo")
    if number is None or file.stat().st_mtime_ns <= order.written_at:
        if key in order.front:
            return -1 - order.front[key]
        if key in order.regular:
            return order.regular[key]
    return math.inf if number is None else number


def _request(file: Path, told: dict[str, Any]) -> Request:
    text = told.get("json")
    request = (
        _parsed(file, text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else _from_python(file, told)
    )
    for name in ("uniqueKey", "url"):
        if not isinstance(request.get(name), str) or not request[name]:
            raise _broken(file, f"a request needs a {name}")
    return request


def _from_python(file: Path, told: Request) -> Request:
    request = {PYTHON_FIELDS.get(name, name): value for name, value in told.items() if value is not None}
    if "handledAt" in request:
        try:
            handled_at = datetime.fromisoformat(str(request["handledAt"]))
        except ValueError as problem:
            raise _broken(file, f"{request['handledAt']!r} is no time") from problem
        request["handledAt"] = iso(int(handled_at.timestamp() * 1000))
    return request


def _object(file: Path) -> dict[str, Any]:
    return _parsed(file, file.read_bytes())


def _parsed(file: Path, text: bytes) -> dict[str, Any]:
    value = _json(file, text)
    if not isinstance(value, dict):
        raise _broken(file, "it is no JSON object")
    return value


def _json(file: Path, text: bytes) -> Any:
    try:
        return loads(text)
    except ValueError as problem:
        raise _broken(file, f"it is not valid JSON: {problem}") from problem


def _broken(file: Path, why: str) -> Problem:
    return Problem(
        f"{file} cannot be imported: {why}.",
        "Nothing was imported. Mend the file or move it away, and try again.",
        exit_code=INVALID_INPUT,
    )
