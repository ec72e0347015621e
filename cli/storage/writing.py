"""Storages as folders that the SDKs of both languages open.

Where the languages call the same file differently, Python's name is a link to JavaScript's file: Python follows links,
and JavaScript passes over them, so that it does not meet anything twice.
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

from cli.errors import Problem
from cli.interrupts import held_interrupts
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
from runtime.base.json_text import JsonDict, dumps

INDENT = 2


@contextmanager
def replacing(target: Path, *, force: bool) -> Iterator[Path]:
    """A new folder that takes the target's place at the end; where that is not reached, all stays as it was."""
    new = _neighbour(target)
    new.mkdir(parents=True)
    try:
        yield new
        with held_interrupts():
            _take_place(new, target, force=force)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)  # it is gone where an interrupt came late
        raise


def _take_place(new: Path, target: Path, *, force: bool) -> None:
    old = _neighbour(target)
    if force and (target.is_symlink() or target.exists()):
        target.rename(old)
    new.rename(target)
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old)
    else:
        old.unlink(missing_ok=True)


def _neighbour(target: Path) -> Path:
    """A folder that no SDK takes for a storage."""
    return target.with_name(f".{target.name}-{uuid4().hex[:12]}")


def inside(folder: Path, name: str) -> Path:
    """A file or folder directly in a folder. Raises Problem for a name that would lead anywhere else."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise Problem(f"{name!r} cannot be the name of anything in {folder}.")
    return folder / name


def write_metadata(folder: Path, told: JsonDict) -> None:
    _write_json(folder / METADATA, told)


def write_items(folder: Path, lines: Iterable[bytes]) -> Iterator[int]:
    """Write items, each given as its JSON; how many there are so far, after each."""
    for number, line in enumerate(lines, 1):
        (folder / f"{number:09}.json").write_bytes(_indented(line))
        yield number


def _indented(line: bytes) -> bytes:
    """Text cut in the middle of a surrogate pair is more than the fast codec can take: such an item stays one line."""
    try:
        return msgspec.json.format(line, indent=INDENT)
    except msgspec.DecodeError:
        return line


class RecordFiles:
    """The files of a store's records. All keys are known beforehand, since one key's file may look like another's."""

    def __init__(self, folder: Path, keys: Iterable[str]) -> None:
        self._folder = folder
        self._taken = {METADATA}
        for key in keys:
            self._taken |= {python_key_file(key), _note(key)}

    def refusal(self, key: str) -> str | None:
        """Why the SDKs' layout has no file for a key; None where it has one."""
        if METADATA_SUFFIX in f"{key}.json":
            return "the SDKs would take its file for metadata"
        if len(f"{key}.{'x' * 8}") > MAX_FILE_NAME:
            return "it is too long for the name of a file"
        return None

    def write(self, key: str, content_type: str, value: Iterable[bytes]) -> None:
        extension = self._extension(key, content_type)
        file = inside(self._folder, f"{key}.{extension}")
        with file.open("wb") as stream:
            for chunk in value:
                stream.write(chunk)
        size = file.stat().st_size
        told = {"key": key, "contentType": content_type, "extension": extension, "size": size}
        if key == INPUT_KEY:
            # Python finds its input with any extension, and refuses to choose between two files.
            _write_json(self._folder / f"{file.name}{METADATA_SUFFIX}", told)
            return
        _write_json(self._folder / _note(key), told)
        if _is_for_python(key):
            inside(self._folder, python_key_file(key)).symlink_to(file.name)

    def _extension(self, key: str, content_type: str) -> str:
        """The content type's own, or where that file is another's, one that only JavaScript's metadata explains."""
        usual = extension_of(content_type)
        extensions = (usual if number == 1 else f"{usual}{number}" for number in count(1))
        free = next(extension for extension in extensions if f"{key}.{extension}" not in self._taken)
        self._taken.add(f"{key}.{free}")
        return free


def write_request(folder: Path, request: JsonDict, order: int | None) -> None:
    """A request as both languages read it: the fields are for Python, `json` and `orderNo` for JavaScript."""
    file = inside(folder, f"{request['id']}.json")
    fields = {name: value for name, value in request.items() if value is not None}
    _write_json(file, {**fields, "json": dumps(request).decode(), "orderNo": order})
    inside(folder, python_request_file(request["uniqueKey"])).symlink_to(file.name)


def write_order(root: Path, queue_id: str, unique_keys: list[str]) -> None:
    """Where Python looks for the order of a queue's pending requests, which its files do not tell."""
    folder = root / STORES.folder / DEFAULT
    folder.mkdir(parents=True, exist_ok=True)
    key = f"{QUEUE_STATE}{queue_id}"
    for name in (key, f"{key}.json", _note(key)):
        (folder / name).unlink(missing_ok=True)
    places = {unique_key: place for place, unique_key in enumerate(unique_keys)}
    state = {"sequence_counter": len(places), "regular_requests": places}
    RecordFiles(folder, [key]).write(key, "application/json", [dumps(state)])


def _note(key: str) -> str:
    """The metadata's file of a record: Python looks for this name, JavaScript reads all that end so."""
    name = python_key_file(key) if _is_for_python(key) else sha256(key.encode()).hexdigest()
    return f"{name}{METADATA_SUFFIX}"


def _is_for_python(key: str) -> bool:
    """Whether Python could ever have a record of this key: its file would be a folder, metadata, or too long a name."""
    name = python_key_file(key)
    return name not in (".", "..", METADATA) and len(f"{name}{METADATA_SUFFIX}") <= MAX_FILE_NAME


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=INDENT))
