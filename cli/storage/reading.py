"""Reads the folders of the SDKs' storages, written by either language. Every function raises CommandError.

Only file names are loaded into memory: for a dataset one name per item, for a queue one name and one unique key per
request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cli.errors import INVALID_INPUT, CommandError
from cli.storage.layout import (
    BINARY,
    DATASETS,
    DEFAULT,
    INPUT_KEY,
    JSON,
    KEY,
    MAX_PAYLOAD_BYTES,
    METADATA,
    METADATA_SUFFIX,
    QUEUE_STATE,
    ROOTS,
    STORES,
    TEXT,
    TYPES_BY_FOLDER,
    StorageType,
    contains_storages,
    content_type_of,
)
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict, loads
from runtime.base.request_rules import problem_of_request

TEMPORARY_PREFIXES = ("__CRAWLEE_", "__OLD_", ".")
"""The prefixes of folders that a tool was about to rename or remove."""
NOT_RECORDS = frozenset({".DS_Store", ".gitignore", ".gitkeep", "Thumbs.db", "desktop.ini", METADATA})
INPUT_FILES = frozenset({f"{INPUT_KEY}.json", f"{INPUT_KEY}.txt", f"{INPUT_KEY}.bin"})
"""Python stores its input in the file where it found it, and uses the file's name as the key."""
SNIFFED_BYTES = 65_536
PYTHON_FIELDS = {
    "unique_key": "uniqueKey",
    "user_data": "userData",
    "retry_count": "retryCount",
    "no_retry": "noRetry",
    "loaded_url": "loadedUrl",
    "handled_at": "handledAt",
}
"""The fields of a request in Python's files, and their names in the API."""


@dataclass(frozen=True, slots=True)
class StorageFolder:
    """The folder of one storage. `root` is the folder of all storages."""

    type: StorageType
    path: Path
    root: Path

    @property
    def is_default(self) -> bool:
        return self.path.name == DEFAULT

    def __str__(self) -> str:
        return f"{self.type.folder}/{self.path.name}"


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """A record of a key-value store and the file that contains its value."""

    key: str
    content_type: str
    file: Path


@dataclass(frozen=True, slots=True)
class FolderContent:
    """The ordered content of a folder: files of items, records, or files of requests. `left_out` explains the rest."""

    items: list[Path] = field(default_factory=list)
    records: list[LocalRecord] = field(default_factory=list)
    requests: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.items) + len(self.records) + len(self.requests)


def find_folders(path: Path) -> list[StorageFolder]:
    """Find storage folders. `path` is a project, its `storage` folder, a folder of one type, or one storage."""
    path = path.resolve()
    for root in (path, *(path / name for name in ROOTS)):
        if contains_storages(root):
            return [
                folder for storage_type in TYPES_BY_FOLDER.values() for folder in _folders_of_type(storage_type, root)
            ]
    if path.parent.name in TYPES_BY_FOLDER:
        return [StorageFolder(TYPES_BY_FOLDER[path.parent.name], path, path.parent.parent)]
    if path.name in TYPES_BY_FOLDER:
        return _folders_of_type(TYPES_BY_FOLDER[path.name], path.parent)
    raise CommandError(
        f"{path} contains no storages: it has none of the folders {', '.join(TYPES_BY_FOLDER)}.",
        "Pass a project, its `storage` folder, or the folder of one storage, such as storage/datasets/default.",
        exit_code=INVALID_INPUT,
    )


def read_content(folder: StorageFolder) -> FolderContent:
    """Read what a folder contains. Raises CommandError for data that cannot be imported."""
    if folder.type is DATASETS:
        return _read_dataset(folder)
    return _read_store(folder) if folder.type is STORES else _read_queue(folder)


def read_items(files: Iterable[Path]) -> Iterator[bytes]:
    """Yield the items as the text of their files."""
    for file in files:
        text = file.read_bytes().strip()
        _parse_object(file, text)
        if len(text) + 2 > MAX_PAYLOAD_BYTES:
            raise _invalid(file, f"an item can have at most {MAX_PAYLOAD_BYTES} bytes")
        yield text


def read_requests(files: Iterable[Path]) -> Iterator[JsonDict]:
    """Yield the requests as the API accepts them."""
    return (_request(file, _read_object(file)) for file in files)


def _folders_of_type(storage_type: StorageType, root: Path) -> list[StorageFolder]:
    parent = root / storage_type.folder
    paths = sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []
    return [StorageFolder(storage_type, path, root) for path in paths if not path.name.startswith(TEMPORARY_PREFIXES)]


def _data_files(folder: StorageFolder, left_out: list[str]) -> Iterator[Path]:
    """Yield the files that contain data. A link to a file of the same folder is an alias; a lock is a folder."""
    for path in sorted(folder.path.iterdir()):
        if path.name in NOT_RECORDS or (path.is_symlink() and path.resolve().parent == folder.path):
            continue
        if path.is_file():
            yield path
        elif path.suffix != ".lock":
            left_out.append(f"{folder}/{path.name}: not a file")


def _read_dataset(folder: StorageFolder) -> FolderContent:
    left_out: list[str] = []
    files = [path for path in _data_files(folder, left_out) if _is_json(folder, path, left_out)]
    files.sort(key=lambda path: (int(path.stem) if path.stem.isdecimal() else 0, path.name))
    for _ in read_items(files):  # validate all items before anything is sent
        pass
    return FolderContent(items=files, left_out=left_out)


def _is_json(folder: StorageFolder, path: Path, left_out: list[str]) -> bool:
    if path.suffix == ".json":
        return True
    left_out.append(f"{folder}/{path.name}: a {folder.type.label} consists of .json files")
    return False


def _read_store(folder: StorageFolder) -> FolderContent:
    left_out: list[str] = []
    newest: dict[str, LocalRecord] = {}
    for record in sorted(_read_records(folder, left_out), key=lambda record: record.file.stat().st_mtime_ns):
        older = newest.pop(record.key, None)
        if older:
            left_out.append(f"{folder}/{older.file.name}: an older value of {record.key}")
        newest[record.key] = record
    if folder.is_default:
        # These records describe the order of local queues. On a server they would be meaningless.
        newest = {key: record for key, record in newest.items() if not key.startswith(QUEUE_STATE)}
    return FolderContent(records=[newest[key] for key in sorted(newest)], left_out=left_out)


def _read_records(folder: StorageFolder, left_out: list[str]) -> Iterator[LocalRecord]:
    files = {path.name: path for path in _data_files(folder, left_out)}
    metadata_files = [path for name, path in files.items() if name.endswith(METADATA_SUFFIX)]
    for path in metadata_files:
        del files[path.name]
    for path in metadata_files:
        record = _record_with_metadata(path, files)
        if record is None:
            left_out.append(f"{folder}/{path.name}: the record that it describes does not exist")
            continue
        del files[record.file.name]
        yield record
    for path in files.values():
        yield _record_without_metadata(path)


def _record_with_metadata(metadata_file: Path, files: dict[str, Path]) -> LocalRecord | None:
    """Return the record that a metadata file describes, from the file that either language would use for it."""
    text = metadata_file.read_bytes()
    value = _parse(metadata_file, text)
    # JavaScript serializes the metadata twice.
    metadata = _parse_object(metadata_file, value.encode() if isinstance(value, str) else text)
    name = metadata_file.name.removesuffix(METADATA_SUFFIX)
    key = metadata.get("key") or unquote(name)
    file = files.get(name) or files.get(f"{key}.{metadata.get('extension')}")
    if file is None:
        return None
    content_type = metadata.get("contentType") or metadata.get("content_type") or _detect_content_type(file)
    return LocalRecord(_valid_key(file, INPUT_KEY if key == file.name in INPUT_FILES else key), content_type, file)


def _record_without_metadata(file: Path) -> LocalRecord:
    """Return the record of a file whose name is the key and an extension for the content type."""
    return LocalRecord(_valid_key(file, file.stem), _detect_content_type(file), file)


def _valid_key(file: Path, key: Any) -> str:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise _invalid(file, f"{key!r} is not a valid key: use 1 to 256 of the characters a-zA-Z0-9!-_.'()")
    return key


def _detect_content_type(file: Path) -> str:
    content_type = content_type_of(file.suffix) or content_type_of(f".{file.name}")
    if content_type:
        return content_type
    if file.name == INPUT_KEY and _contains_json(file):
        return JSON
    with file.open("rb") as stream:
        start = stream.read(SNIFFED_BYTES)
    try:
        start.decode()
    except UnicodeDecodeError as error:
        is_cut = len(start) == SNIFFED_BYTES and error.start >= SNIFFED_BYTES - 3
        return TEXT if is_cut else BINARY
    return TEXT


def _contains_json(file: Path) -> bool:
    try:
        loads(file.read_bytes())
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _QueueState:
    """The order of a queue as Python last stored it, and when. In `forefront`, the highest number comes first."""

    forefront: dict[str, int] = field(default_factory=dict)
    regular: dict[str, int] = field(default_factory=dict)
    written_at: int = 0


def _read_queue(folder: StorageFolder) -> FolderContent:
    left_out: list[str] = []
    state = _read_queue_state(folder)
    newest: dict[str, tuple[float, int, Path]] = {}
    for path in sorted(_queue_files(folder, left_out), key=lambda path: path.stat().st_mtime_ns):
        content = _read_object(path)
        key = _request(path, content)["uniqueKey"]
        if key in newest:
            left_out.append(f"{folder}/{newest[key][2].name}: an older state of a request")
        # In JavaScript, requests of one batch have the same rank: then the older file is the earlier request.
        newest[key] = (_rank(path, content, key, state), path.stat().st_mtime_ns, path)
    return FolderContent(requests=[path for _, _, path in sorted(newest.values())], left_out=left_out)


def _queue_files(folder: StorageFolder, left_out: list[str]) -> list[Path]:
    files = list(_data_files(folder, left_out))
    for path in files:
        if path.name.startswith("db.sqlite"):
            raise _invalid(path, "a queue of Apify SDK 2 is a database, which is not supported")
    return [path for path in files if _is_json(folder, path, left_out)]


def _read_queue_state(folder: StorageFolder) -> _QueueState:
    metadata = folder.path / METADATA
    id = _read_object(metadata).get("id") if metadata.is_file() else None
    file = folder.root / STORES.folder / DEFAULT / f"{QUEUE_STATE}{id}"
    if not file.is_file() or not file.stat().st_size:  # Python empties it when it purges the queue
        return _QueueState()
    state = _read_object(file)
    written_at = file.stat().st_mtime_ns
    return _QueueState(state.get("forefront_requests", {}), state.get("regular_requests", {}), written_at)


def _rank(file: Path, content: JsonDict, key: str, state: _QueueState) -> float:
    """Return a sort key that puts requests in the order of the queue.

    JavaScript's `orderNo` is a time, negative at the forefront. Python numbers the requests at each end separately.
    """
    number = content.get("orderNo")
    if number is None or file.stat().st_mtime_ns <= state.written_at:
        if key in state.forefront:
            return -1 - state.forefront[key]
        if key in state.regular:
            return state.regular[key]
    return math.inf if number is None else number


def _request(file: Path, content: JsonDict) -> JsonDict:
    text = content.get("json")
    if isinstance(text, str):
        request = _parse_object(file, text.encode("utf-8", "surrogatepass"))
    else:
        request = _from_python(file, content)
    problem = problem_of_request(request)
    if problem is not None:
        raise _invalid(file, f"its request is not valid: {problem}")
    return request


def _from_python(file: Path, content: JsonDict) -> JsonDict:
    request = {PYTHON_FIELDS.get(name, name): value for name, value in content.items() if value is not None}
    if "handledAt" in request:
        try:
            handled_at = datetime.fromisoformat(str(request["handledAt"]))
        except ValueError as error:
            raise _invalid(file, f"{request['handledAt']!r} is not a valid ISO 8601 timestamp") from error
        request["handledAt"] = iso(int(handled_at.timestamp() * 1000))
    return request


def _read_object(file: Path) -> JsonDict:
    return _parse_object(file, file.read_bytes())


def _parse_object(file: Path, text: bytes) -> JsonDict:
    value = _parse(file, text)
    if not isinstance(value, dict):
        raise _invalid(file, "it is not a JSON object")
    return value


def _parse(file: Path, text: bytes) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise _invalid(file, f"it is not valid JSON: {error}") from error


def _invalid(file: Path, reason: str) -> CommandError:
    return CommandError(
        f"Cannot import {file}: {reason}.",
        "Nothing was imported. Fix the file or move it away, and try again.",
        exit_code=INVALID_INPUT,
    )
