"""Finds the storage that an argument names: by its id, its name, or the run whose default storage it is."""

from __future__ import annotations

from urllib.parse import quote

from cli.client import Client
from cli.errors import INVALID_INPUT, CommandError
from cli.runs.references import find_run
from cli.storage.layout import NAME, StorageType
from cli.terminal import print_message
from runtime.base.json_text import JsonDict


def find_storage(client: Client, storage_type: StorageType, reference: str) -> JsonDict | None:
    """Return the storage with this id or name."""
    path, escaped = storage_type.api_path, quote(reference, safe="~", errors="surrogateescape")
    return client.storages.find(path, escaped) or client.storages.find(path, f"~{escaped}")


def get_storage(client: Client, storage_type: StorageType, reference: str) -> JsonDict:
    """Return the storage with this id or name, or the default storage of the run that `find_run` finds.

    Raises CommandError.
    """
    storage = find_storage(client, storage_type, reference)
    if storage:
        return storage
    try:
        run = find_run(client, reference)
    except CommandError as error:
        if error.code != "run-not-found":
            raise
        message = f"There is no {storage_type.label} with the id or name {reference!r}, and no such run."
        advice = f"List them with `greenroom {storage_type.command} ls`."
        raise CommandError(message, advice, exit_code=INVALID_INPUT, code="storage-not-found") from error
    storage = client.storages.find(storage_type.api_path, run[storage_type.run_field])
    if storage is None:
        message = f"The {storage_type.label} of run {run['id']} no longer exists."
        raise CommandError(message, exit_code=INVALID_INPUT, code="storage-not-found")
    return storage


def get_or_create_storage(client: Client, storage_type: StorageType, reference: str) -> JsonDict:
    """Return the storage that `get_storage` finds, or create one with this name. Raises CommandError."""
    try:
        return get_storage(client, storage_type, reference)
    except CommandError as error:
        if error.code != "storage-not-found" or not NAME.fullmatch(reference):
            raise
    print_message(f"Creating the {storage_type.label} {reference}.")
    return client.storages.get_or_create(storage_type.api_path, reference)
