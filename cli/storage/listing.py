"""Lists of storages, for `greenroom dataset ls` and the commands of the other types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cli import terminal
from cli.client import connected
from cli.storage.layout import DATASETS, QUEUES, STORES, StorageType
from cli.terminal import print_message
from cli.terminal.tables import Column, Row, print_table
from cli.terminal.text import counted
from cli.terminal.times import readable_time
from runtime.base.json_text import JsonDict
from runtime.base.sizes import readable_size

CONTENT = Column("CONTENT", right=True)
COLUMNS = (
    Column("ID"),
    Column("NAME", shrinks=True),
    CONTENT,
    Column("SIZE", right=True, optional=True),
    Column("MODIFIED"),
    Column("RUN", optional=True),
)


def list_storages(storage_type: StorageType, limit: int, data_dir: Path, *, as_json: bool) -> None:
    """Print the storages of a type, newest first. Raises CommandError."""
    with connected(data_dir) as client:
        found, total = client.storages.newest(storage_type.api_path, limit)
    label = f"{storage_type.label}s"
    if as_json:
        terminal.print_json({"storages": found, "total": total})
    elif found:
        _print(storage_type, found)
    else:
        print_message(f"There are no {label} yet.")
    if total > len(found):
        print_message(f"Showing the newest {len(found)} of {total} {label}. Show more with --limit.")


def _print(storage_type: StorageType, found: Sequence[JsonDict]) -> None:
    """Print the table. The API does not count the records of key-value stores."""
    columns = [each for each in COLUMNS if each is not CONTENT or storage_type is not STORES]
    print_table(columns, [_row(storage_type, storage) for storage in found])


def _row(storage_type: StorageType, storage: JsonDict) -> Row:
    return (
        storage["id"],
        storage["name"] or "",
        *_content(storage_type, storage),
        readable_size(storage["stats"]["storageBytes"]),
        readable_time(storage["modifiedAt"]),
        storage.get("actRunId") or "",
    )


def _content(storage_type: StorageType, storage: JsonDict) -> list[str]:
    if storage_type is DATASETS:
        return [counted(storage["itemCount"], "item")]
    if storage_type is QUEUES:
        return [f"{storage['pendingRequestCount']} of {storage['totalRequestCount']} pending"]
    return []
