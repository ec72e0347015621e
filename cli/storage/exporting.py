"""`greenroom storage export`: writes storages of a server to folders that the SDKs can open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

from cli import terminal
from cli.client import Client, connected
from cli.client.errors import RecordNotFound
from cli.errors import INVALID_INPUT, CommandError
from cli.runs.references import find_run
from cli.storage import writing
from cli.storage.layout import DATASETS, DEFAULT, QUEUES, STORES, TYPES_BY_FOLDER, StorageType
from cli.storage.references import get_storage
from cli.terminal import print_message, print_result, print_warning, progress_bar
from cli.terminal.text import counted
from runtime.base.json_text import JsonDict

LOCK_FIELDS = frozenset({"lockExpiresAt", "lockByClient"})
"""Fields that the API adds to a request while a client has locked it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """The arguments of `greenroom storage export`: storages by id or name, the default ones of a run, or all."""

    references: list[str]
    run_id: str | None
    everything: bool
    to: Path
    data_dir: Path
    force: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class SelectedStorage:
    """A storage and the folder it is exported to, which is named `default` for a default storage of a run."""

    type: StorageType
    storage: JsonDict
    folder: Path

    def __str__(self) -> str:
        return f"{self.type.label} {self.storage['name'] or self.storage['id']}"

    @property
    def local_id(self) -> str:
        """The id in the metadata. JavaScript expects an unnamed storage in a folder named by its id."""
        return DEFAULT if self._is_default else str(self.storage["id"])

    @property
    def metadata(self) -> JsonDict:
        """The metadata that both languages read. A default storage has no name: Python purges only unnamed ones."""
        name = None if self._is_default else self.storage["name"] or None
        times = {field: self.storage[field] for field in ("createdAt", "accessedAt", "modifiedAt")}
        return {"id": self.local_id, "name": name, **times}

    @property
    def _is_default(self) -> bool:
        return self.folder.name == DEFAULT


@dataclass(slots=True)
class ExportResult:
    """The result of exporting one storage. `order` are the unique keys of a queue's pending requests, in order."""

    selected: SelectedStorage
    count: int = 0
    order: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        return f"{self.selected} -> {self.selected.folder}: {counted(self.count, self.selected.type.entry_label)}"

    @property
    def json(self) -> JsonDict:
        storage = self.selected.storage
        return {
            "kind": self.selected.type.api_path,
            "id": storage["id"],
            "name": storage["name"] or None,
            "to": str(self.selected.folder),
            "count": self.count,
        }


def run_export(arguments: ExportArguments) -> int:
    """Export the storages and print the results; return the exit code. Raises CommandError."""
    with connected(arguments.data_dir) as client:
        _export_and_print(client, arguments)
    return 0


def export_storage(
    storage_type: StorageType, reference: str, to: Path, data_dir: Path, *, force: bool, as_json: bool
) -> int:
    """Export one storage of a type, by its id, its name or its run; return the exit code. Raises CommandError."""
    with connected(data_dir) as client:
        storage = get_storage(client, storage_type, reference)
        arguments = ExportArguments(
            references=[storage["id"]],
            run_id=None,
            everything=False,
            to=to,
            data_dir=data_dir,
            force=force,
            as_json=as_json,
        )
        _export_and_print(client, arguments)
    return 0


def _export_and_print(client: Client, arguments: ExportArguments) -> None:
    try:
        results = _export_all(client, arguments)
    except OSError as error:
        raise CommandError(f"Cannot write {error.filename}: {error.strerror}.") from error
    if arguments.as_json:
        left_out = [entry for result in results for entry in result.left_out]
        terminal.print_json({"exported": [result.json for result in results], "leftOut": left_out})


def _export_all(client: Client, arguments: ExportArguments) -> list[ExportResult]:
    selected = _select(client, arguments)
    if not arguments.force:
        _reject_existing_folders(selected)
    # Queues come last: Python stores their order in the default key-value store, which must be exported before.
    selected.sort(key=lambda one: one.type is QUEUES)
    results: list[ExportResult] = []
    try:
        with progress_bar("Exporting", len(selected)) as show:
            for one in selected:
                results.append(_export(client, one, arguments, partial(show, len(results))))
    finally:
        for result in results:
            _report(result, arguments)
    return results


def _report(result: ExportResult, arguments: ExportArguments) -> None:
    for entry in result.left_out:
        print_warning(f"Skipped {entry}")
    if arguments.as_json:
        print_message(result.line)
    else:
        print_result(result.line)


def _select(client: Client, arguments: ExportArguments) -> list[SelectedStorage]:
    """Return each selected storage once. Raises CommandError if one does not exist or two share a folder."""
    root = arguments.to.resolve()
    by_id: dict[tuple[str, str], SelectedStorage] = {}
    for storage_type, storage, name in _requested(client, arguments):
        folder = writing.inside(root / storage_type.folder, name)
        by_id.setdefault((storage_type.api_path, storage["id"]), SelectedStorage(storage_type, storage, folder))
    by_folder: dict[Path, SelectedStorage] = {}
    for one in by_id.values():
        other = by_folder.setdefault(one.folder, one)
        if other is not one:
            message = f"The {other} and the {one} would both be written to {one.folder}."
            raise CommandError(message, "Export them separately, with different --to.", exit_code=INVALID_INPUT)
    return list(by_id.values())


def _requested(client: Client, arguments: ExportArguments) -> Iterator[tuple[StorageType, JsonDict, str]]:
    """Yield each requested storage with its type and the name of its folder."""
    if arguments.run_id:
        yield from _storages_of_run(client, arguments.run_id)
    for reference in arguments.references:
        yield from _storages_named(client, reference)
    for storage_type in TYPES_BY_FOLDER.values() if arguments.everything else ():
        for storage in client.storages.list(storage_type.api_path):
            yield storage_type, storage, storage["name"] or storage["id"]


def _storages_of_run(client: Client, run_id: str) -> Iterator[tuple[StorageType, JsonDict, str]]:
    run = find_run(client, run_id)
    for storage_type in TYPES_BY_FOLDER.values():
        storage = client.storages.find(storage_type.api_path, run[storage_type.run_field])
        if storage:
            yield storage_type, storage, DEFAULT
        else:
            print_warning(f"The run's {storage_type.label} no longer exists.")


def _storages_named(client: Client, reference: str) -> Iterator[tuple[StorageType, JsonDict, str]]:
    """Yield the storages of all types with this id or name."""
    escaped = quote(reference, safe="~", errors="surrogateescape")
    found = False
    for storage_type in TYPES_BY_FOLDER.values():
        path = storage_type.api_path
        storage = client.storages.find(path, escaped) or client.storages.find(path, f"~{escaped}")
        if storage:
            found = True
            yield storage_type, storage, storage["name"] or storage["id"]
    if not found:
        raise CommandError(f"Storage {reference} does not exist.", exit_code=INVALID_INPUT)


def _reject_existing_folders(selected: list[SelectedStorage]) -> None:
    existing = [str(one.folder) for one in selected if one.folder.is_symlink() or one.folder.exists()]
    if existing:
        raise CommandError(
            f"Nothing was exported, because it would replace {', '.join(existing)}.",
            "Replace existing folders with --force, or choose another folder with --to.",
            exit_code=INVALID_INPUT,
        )


def _export(
    client: Client, selected: SelectedStorage, arguments: ExportArguments, show: Callable[[str], None]
) -> ExportResult:
    result = ExportResult(selected)
    writers = {DATASETS: _write_dataset, STORES: _write_store, QUEUES: _write_queue}
    with writing.replacing(selected.folder, force=arguments.force) as folder:
        for count in writers[selected.type](client, result, folder):
            result.count = count
            show(f"{selected}: {counted(count, selected.type.entry_label)}")
    if selected.type is QUEUES:
        writing.write_order(arguments.to.resolve(), selected.local_id, result.order)
    return result


def _write_dataset(client: Client, result: ExportResult, folder: Path) -> Iterator[int]:
    count = 0
    for count in writing.write_items(folder, client.datasets.lines(result.selected.storage["id"])):
        yield count
    writing.write_metadata(folder, {**result.selected.metadata, "itemCount": count})


def _write_store(client: Client, result: ExportResult, folder: Path) -> Iterator[int]:
    store_id = result.selected.storage["id"]
    keys = list(client.key_value_stores.keys(store_id))
    files = writing.RecordFiles(folder, keys)
    count = 0
    for key in keys:
        reason = files.unsupported_reason(key)
        if reason:
            result.left_out.append(f"the record {key} of {result.selected}: {reason}")
            continue
        # A live run may have deleted the record since its key was listed.
        with suppress(RecordNotFound), client.key_value_stores.stream_record(store_id, key) as response:
            files.write(key, response.headers["content-type"], response.iter_raw())
            count += 1
        yield count
    writing.write_metadata(folder, result.selected.metadata)


def _write_queue(client: Client, result: ExportResult, folder: Path) -> Iterator[int]:
    """Write the requests of a queue with their places. Those that a live run adds meanwhile come last."""
    queue_id = result.selected.storage["id"]
    places = {id: place for place, id in enumerate(client.request_queues.order(queue_id), 1)}
    pending: dict[int, str] = {}
    count = 0
    for count, request in enumerate(client.request_queues.requests(queue_id), 1):
        place = None
        if not request.get("handledAt"):
            place = places.setdefault(request["id"], len(places) + 1)
            pending[place] = request["uniqueKey"]
        unlocked = {name: value for name, value in request.items() if name not in LOCK_FIELDS}
        writing.write_request(folder, unlocked, place)
        yield count
    result.order = [pending[place] for place in sorted(pending)]
    writing.write_metadata(folder, {**result.selected.metadata, **_queue_counts(result, count)})


def _queue_counts(result: ExportResult, count: int) -> JsonDict:
    return {
        "totalRequestCount": count,
        "handledRequestCount": count - len(result.order),
        "pendingRequestCount": len(result.order),
        "hadMultipleClients": result.selected.storage["hadMultipleClients"],
    }
