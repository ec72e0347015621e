"""Writes storages as folders that the SDKs of both languages can open.

If the languages use different names for the same file, Python's name is a link to JavaScript's file. Python follows
links, and JavaScript ignores them, so neither reads an entry twice.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from cli.errors import CommandError
from cli.storage.layout import (
    DEFAULT,
    INPUT_KEY,
    MAX_FILE_NAME,
    METADATA,
    METADATA_SUFFIX,
    QUEUE_STATE,
    STORES,
    extension_of,
    python_key_file,
    python_request_file,
)
from cli.terminal.interrupts import deferred_interrupts
from runtime.base.json_text import JsonDict, dumps

INDENT = 2


@contextmanager
def replacing(target: Path, *, force: bool) -> Iterator[Path]:
    """Yield a new folder that replaces the target at the end. After an error the target is unchanged."""
    new = _temporary_name(target)
    new.mkdir(parents=True)
    try:
        yield new
        with deferred_interrupts():
            _replace(target, new, force=force)
    except BaseException:
        # After a late interrupt, the new folder is already in place, and this removes nothing.
        shutil.rmtree(new, ignore_errors=True)
        raise


def _replace(target: Path, new: Path, *, force: bool) -> None:
    old = _temporary_name(target)
    if force and (target.is_symlink() or target.exists()):
        target.rename(old)
    new.rename(target)
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old)
    else:
        old.unlink(missing_ok=True)


def _temporary_name(target: Path) -> Path:
    """Return a path beside the target that no SDK mistakes for a storage."""
    return target.with_name(f".{target.name}-{uuid4().hex[:12]}")


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file or folder directly in a folder. Raises CommandError for any name that leads outside."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise CommandError(f"Cannot write to {folder}: {name!r} is not a valid file name.")
    return folder / name


def write_metadata(folder: Path, metadata: JsonDict) -> None:
    _write_json(folder / METADATA, metadata)


def write_items(folder: Path, lines: Iterable[bytes]) -> Iterator[int]:
    """Write items, each given as its JSON. Yield the number of items written so far."""
    for number, line in enumerate(lines, 1):
        (folder / f"{number:09}.json").write_bytes(_indented(line))
        yield number


def _indented(line: bytes) -> bytes:
    """Indent an item. The fast codec rejects text with half a surrogate pair; an item with such text stays one line."""
    try:
        return msgspec.json.format(line, indent=INDENT)
    except msgspec.DecodeError:
        return line


class RecordFiles:
    """The files of a store's records. It needs all keys in advance, because the file names of two keys may collide."""

    def __init__(self, folder: Path, keys: Iterable[str]) -> None:
        self._folder = folder
        self._taken = {METADATA}
        for key in keys:
            self._taken |= {python_key_file(key), _metadata_file(key)}

    def unsupported_reason(self, key: str) -> str | None:
        """Return why the SDKs' layout has no file for a key, or None if it has one."""
        if METADATA_SUFFIX in f"{key}.json":
            return "the SDKs would read its file as metadata"
        if len(f"{key}.{'x' * 8}") > MAX_FILE_NAME:
            return "its key is too long for a file name"
        return None

    def write(self, key: str, content_type: str, value: Iterable[bytes]) -> None:
        extension = self._extension(key, content_type)
        file = inside(self._folder, f"{key}.{extension}")
        with file.open("wb") as stream:
            for chunk in value:
                stream.write(chunk)
        size = file.stat().st_size
        metadata = {"key": key, "contentType": content_type, "extension": extension, "size": size}
        if key == INPUT_KEY:
            # The input gets no link: Python finds it with any extension, but fails if it finds two files.
            _write_json(self._folder / f"{file.name}{METADATA_SUFFIX}", metadata)
            return
        _write_json(self._folder / _metadata_file(key), metadata)
        if _is_supported_by_python(key):
            inside(self._folder, python_key_file(key)).symlink_to(file.name)

    def _extension(self, key: str, content_type: str) -> str:
        """Return the usual extension of the content type, with a number if another key uses that file name.

        JavaScript finds a file with a numbered extension through its metadata.
        """
        usual = extension_of(content_type)
        extensions = (usual if number == 1 else f"{usual}{number}" for number in count(1))
        free = next(extension for extension in extensions if f"{key}.{extension}" not in self._taken)
        self._taken.add(f"{key}.{free}")
        return free


def write_request(folder: Path, request: JsonDict, order: int | None) -> None:
    """Write a request for both languages: Python reads its fields, JavaScript reads `json` and `orderNo`."""
    file = inside(folder, f"{request['id']}.json")
    fields = {name: value for name, value in request.items() if value is not None}
    _write_json(file, {**fields, "json": dumps(request).decode(), "orderNo": order})
    inside(folder, python_request_file(request["uniqueKey"])).symlink_to(file.name)


def write_order(root: Path, queue_id: str, unique_keys: list[str]) -> None:
    """Write the order of a queue's pending requests to the record where Python expects it."""
    folder = root / STORES.folder / DEFAULT
    folder.mkdir(parents=True, exist_ok=True)
    key = f"{QUEUE_STATE}{queue_id}"
    for name in (key, f"{key}.json", _metadata_file(key)):
        (folder / name).unlink(missing_ok=True)
    places = {unique_key: place for place, unique_key in enumerate(unique_keys)}
    state = {"sequence_counter": len(places), "regular_requests": places}
    RecordFiles(folder, [key]).write(key, "application/json", [dumps(state)])


def _metadata_file(key: str) -> str:
    """Return the name of a record's metadata file. Python expects this name; JavaScript reads any with this suffix."""
    name = python_key_file(key) if _is_supported_by_python(key) else sha256(key.encode()).hexdigest()
    return f"{name}{METADATA_SUFFIX}"


def _is_supported_by_python(key: str) -> bool:
    """Return whether Python could have such a record: its file must not be a folder, metadata, or too long a name."""
    name = python_key_file(key)
    return name not in (".", "..", METADATA) and len(f"{name}{METADATA_SUFFIX}") <= MAX_FILE_NAME


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=INDENT))
