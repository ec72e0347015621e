"""`greenroom storage import`: copies local storages of the SDKs to a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cli import terminal
from cli.client import Client, connected
from cli.errors import INVALID_INPUT, CommandError
from cli.runs.references import find_run
from cli.storage import reading
from cli.storage.batches import batches, json_array
from cli.storage.layout import DATASETS, MAX_BATCH, MAX_NAME_LENGTH, NAME, ROOTS, STORES, storage_name
from cli.storage.reading import FolderContent, StorageFolder
from cli.terminal import print_message, print_result, print_warning, progress, progress_bar
from cli.terminal.text import counted
from runtime.base.json_text import JsonDict, dumps


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportArguments:
    """The arguments of `greenroom storage import`.

    `name` is for a storage that has no name of its own. With `run_id`, such a storage is imported into the run's
    default storage instead.
    """

    path: Path
    data_dir: Path
    name: str | None
    run_id: str | None
    append: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A folder, its content, and the name of the storage to import into. None is the run's default storage."""

    folder: StorageFolder
    content: FolderContent
    name: str | None


@dataclass(slots=True)
class ImportResult:
    """The progress of a plan. `already_present` counts the requests that were in the queue before."""

    plan: ImportPlan
    storage: JsonDict
    count: int = 0
    already_present: int = 0

    @property
    def line(self) -> str:
        storage_type = self.plan.folder.type
        target = f"{storage_type.label} {self.plan.name or self.storage['id']}"
        present = f", {self.already_present} of them already present" if self.already_present else ""
        return f"{self.plan.folder} -> {target}: {counted(self.count, storage_type.entry_label)}{present}"

    @property
    def json(self) -> JsonDict:
        return {
            "kind": self.plan.folder.type.api_path,
            "from": str(self.plan.folder.path),
            "id": self.storage["id"],
            "name": self.plan.name,
            "count": self.count,
            "alreadyPresent": self.already_present,
        }


def run_import(arguments: ImportArguments) -> int:
    """Import the storages and print the results; return the exit code. Raises CommandError."""
    plans = _plan(arguments)
    left_out = [entry for plan in plans for entry in plan.content.left_out]
    for entry in left_out:
        print_warning(f"Skipped {entry}")
    with connected(arguments.data_dir) as client:
        results = _import_all(client, plans, arguments)
    if arguments.as_json:
        terminal.print_json({"imported": [result.json for result in results], "leftOut": left_out})
    return 0


def _plan(arguments: ImportArguments) -> list[ImportPlan]:
    """Return the plans of an import. Validates all files, so that nothing is sent if one of them is invalid."""
    contents = _read_folders(arguments.path)
    path = arguments.path.resolve()
    plans = [
        ImportPlan(folder, content, _target_name(folder, arguments, is_alone=folder.path == path))
        for folder, content in contents
    ]
    _reject_shared_targets(plans)
    return plans


def _read_folders(path: Path) -> list[tuple[StorageFolder, FolderContent]]:
    """Read all storages, except for the empty `default` ones that the SDKs always create.

    Raises CommandError if there are none.
    """
    with progress(f"Reading {path}"):
        try:
            found = [(folder, reading.read_content(folder)) for folder in reading.find_folders(path)]
        except OSError as error:
            message = f"Cannot read {error.filename}: {error.strerror}."
            raise CommandError(message, "Nothing was imported.", exit_code=INVALID_INPUT) from error
    relevant = [(folder, content) for folder, content in found if content.count or not folder.is_default]
    if not relevant:
        raise CommandError(f"There is nothing to import in {path}.", exit_code=INVALID_INPUT)
    return relevant


def _target_name(folder: StorageFolder, arguments: ImportArguments, *, is_alone: bool) -> str | None:
    """Return the name of the storage to import into. Raises CommandError if it would not be valid."""
    uses_arguments = folder.is_default or is_alone
    if uses_arguments and arguments.run_id:
        return None
    if uses_arguments and arguments.name:
        return _validated(arguments.name)
    own = _project_name(folder.root) if folder.is_default else folder.path.name
    name = storage_name(own)
    if not name:
        message = f"Cannot derive a storage name for {folder} from '{own}'."
        raise CommandError(message, "Choose a name with --name.", exit_code=INVALID_INPUT)
    if name != own:
        print_message(f"Renamed {own} to {name}: storage names contain only letters, digits and hyphens.")
    return name


def _project_name(root: Path) -> str:
    return root.parent.name if root.name in ROOTS else root.name


def _validated(name: str) -> str:
    if not NAME.fullmatch(name):
        rule = f"use 1 to {MAX_NAME_LENGTH} letters, digits and hyphens, with no hyphen first or last"
        raise CommandError(f"--name {name} is not a valid storage name: {rule}.", exit_code=INVALID_INPUT)
    return name


def _reject_shared_targets(plans: list[ImportPlan]) -> None:
    by_target: dict[tuple[str, str | None], ImportPlan] = {}
    for plan in plans:
        other = by_target.setdefault((plan.folder.type.api_path, plan.name), plan)
        if other is not plan:
            raise CommandError(
                f"{other.folder} and {plan.folder} would both be imported into {plan.name}.",
                "Choose another name for the `default` storages with --name, or import one of the folders alone.",
                exit_code=INVALID_INPUT,
            )


def _import_all(client: Client, plans: list[ImportPlan], arguments: ImportArguments) -> list[ImportResult]:
    existing = _existing_storages(client, plans, arguments.run_id)
    if not arguments.append:
        _reject_filled_storages(client, plans, existing)
    results: list[ImportResult] = []
    try:
        with progress_bar("Importing", len(plans)) as show:
            for plan, storage in zip(plans, existing, strict=True):
                results.append(_import(client, plan, storage, partial(show, len(results))))
    finally:
        for result in results:
            if arguments.as_json:
                print_message(result.line)
            else:
                print_result(result.line)
    return results


def _existing_storages(client: Client, plans: list[ImportPlan], run_id: str | None) -> list[JsonDict | None]:
    """Return the storage of each plan, or None if it must be created."""
    run = find_run(client, run_id) if run_id else None
    return [client.storages.find(plan.folder.type.api_path, _reference(plan, run)) for plan in plans]


def _reference(plan: ImportPlan, run: JsonDict | None) -> str:
    if plan.name is None and run is not None:
        return str(run[plan.folder.type.run_field])
    return f"~{plan.name}"


def _reject_filled_storages(client: Client, plans: list[ImportPlan], existing: list[JsonDict | None]) -> None:
    filled = [
        f"{plan.folder.type.label} {plan.name or storage['id']}"
        for plan, storage in zip(plans, existing, strict=True)
        if storage is not None and _is_filled(client, plan, storage)
    ]
    if filled:
        raise CommandError(
            f"Nothing was imported, because these storages are not empty: {', '.join(filled)}.",
            "Add to them with --append. --name renames `default` storages, or the one storage at PATH.",
            exit_code=INVALID_INPUT,
        )


def _is_filled(client: Client, plan: ImportPlan, storage: JsonDict) -> bool:
    if plan.folder.type is STORES:
        return any(True for _ in client.key_value_stores.keys(storage["id"]))
    return bool(storage["itemCount"] if plan.folder.type is DATASETS else storage["totalRequestCount"])


def _import(client: Client, plan: ImportPlan, existing: JsonDict | None, show: Callable[[str], None]) -> ImportResult:
    # A plan without a name has an existing storage: that of a run.
    storage = existing or client.storages.get_or_create(plan.folder.type.api_path, str(plan.name))
    result, total = ImportResult(plan, storage), plan.content.count
    try:
        for count, already_present in _send(client, plan, storage["id"]):
            result.count += count
            result.already_present += already_present
            show(f"{plan.folder}: {result.count} of {total}")
    except (CommandError, KeyboardInterrupt, OSError) as error:
        print_warning(f"The import stopped early. {result.line} of {total}; later storages were not imported.")
        if isinstance(error, OSError):
            raise CommandError(f"Cannot read {error.filename}: {error.strerror}.") from error
        raise
    return result


def _send(client: Client, plan: ImportPlan, storage_id: str) -> Iterator[tuple[int, int]]:
    """Import batch by batch. Yield the size of each, and how many of its requests were already present."""
    content = plan.content
    for items in batches(reading.read_items(content.items)):
        client.datasets.push(storage_id, json_array(items))
        yield len(items), 0
    for record in content.records:
        with record.file.open("rb") as value:
            client.key_value_stores.put_record(storage_id, record.key, record.content_type, value)
        yield 1, 0
    for requests in batches(map(dumps, reading.read_requests(content.requests)), MAX_BATCH):
        outcomes = client.request_queues.add(storage_id, json_array(requests))
        yield len(requests), sum(outcome["wasAlreadyPresent"] for outcome in outcomes)
