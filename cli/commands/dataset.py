"""`greenroom dataset`: lists, reads, fills and exports datasets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.client import connected
from cli.completion import complete_dataset
from cli.failures import Command
from cli.options import AsJson, DataDir, Limit, resolved
from cli.storage.arguments import Force, ToFolder, storage_argument
from cli.storage.batches import batches, json_array
from cli.storage.content import parse_objects, print_content, read_content
from cli.storage.exporting import export_storage
from cli.storage.layout import DATASETS
from cli.storage.listing import list_storages
from cli.storage.references import get_or_create_storage, get_storage
from cli.terminal import print_message, print_result
from cli.terminal.text import counted
from runtime.base.json_text import dumps

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, read, fill and export datasets.")

Reference = Annotated[str, storage_argument("DATASET", "A dataset", complete_dataset)]


@app.command("ls", cls=Command)
def list_all(limit: Limit = 100, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the datasets, newest first.

    Example: greenroom dataset ls
    """
    list_storages(DATASETS, limit, resolved(data_dir), as_json=as_json)


class ItemFormat(StrEnum):
    """The formats of items, with the names of the API."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    XML = "xml"
    HTML = "html"
    RSS = "rss"


BINARY = {ItemFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@app.command("get", cls=Command)
def get(
    reference: Reference,
    format: Annotated[
        ItemFormat, typer.Option("--format", metavar="FORMAT", help=f"Choose the format: {', '.join(ItemFormat)}.")
    ] = ItemFormat.JSONL,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, metavar="COUNT", help="Print at most this many items.")
    ] = None,
    offset: Annotated[int, typer.Option(min=0, metavar="COUNT", help="Skip this many items first.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array, as with --format json.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the items of a dataset to stdout.

    Example: greenroom dataset get last --format csv > items.csv
    """
    chosen = ItemFormat.JSON if as_json else format
    params = {"format": chosen, "bom": 0, "offset": offset, **({"limit": limit} if limit else {})}
    with connected(resolved(data_dir)) as client:
        dataset = get_storage(client, DATASETS, reference)
        with client.datasets.stream_items(dataset["id"], params) as chunks:
            print_content(chunks, BINARY.get(chosen, "text/plain"), ends_line=chosen not in BINARY)
        if not dataset["itemCount"]:
            print_message(f"The dataset {dataset['id']} has no items.")


@app.command("push", cls=Command)
def push(
    reference: Reference,
    items: Annotated[
        str,
        typer.Argument(
            metavar="JSON|@FILE|-", help="An item, an array of items, or one item a line.", show_default=False
        ),
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Add items to a dataset. If no dataset and no run has this name, a dataset is created.

    Example: greenroom dataset push my-data '{"url": "https://example.com"}'
    """
    parsed_items = parse_objects(read_content(items))
    with connected(resolved(data_dir)) as client:
        dataset = get_or_create_storage(client, DATASETS, reference)
        for batch in batches(map(dumps, parsed_items)):
            client.datasets.push(dataset["id"], json_array(batch))
    if as_json:
        terminal.print_json({"id": dataset["id"], "name": dataset["name"], "pushed": len(parsed_items)})
    else:
        print_result(f"Pushed {counted(len(parsed_items), 'item')} to dataset {dataset['name'] or dataset['id']}.")


@app.command("export", cls=Command)
def export(
    reference: Reference,
    to: ToFolder = Path("storage"),
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export a dataset to a local folder that the Apify SDKs can open.

    Example: greenroom dataset export last --to ./storage
    """
    raise typer.Exit(export_storage(DATASETS, reference, to, resolved(data_dir), force=force, as_json=as_json))
