"""`greenroom kvs`: lists, reads, fills and exports key-value stores."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.client import Client, connected
from cli.client.errors import RecordNotFound
from cli.completion import complete_kvs
from cli.errors import INVALID_INPUT, CommandError
from cli.failures import Command
from cli.options import AsJson, DataDir, Limit, not_empty, resolved
from cli.storage.arguments import Force, ToFolder, storage_argument
from cli.storage.content import print_content, read_content
from cli.storage.exporting import export_storage
from cli.storage.layout import BINARY, JSON, STORES, TEXT, content_type_of
from cli.storage.listing import list_storages
from cli.storage.references import get_or_create_storage, get_storage
from cli.terminal import print_result
from runtime.base.json_text import loads

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, read, fill and export key-value stores.")

Reference = Annotated[str, storage_argument("STORE", "A key-value store", complete_kvs)]


@app.command("ls", cls=Command)
def list_all(limit: Limit = 100, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the key-value stores, newest first.

    Example: greenroom kvs ls
    """
    list_storages(STORES, limit, resolved(data_dir), as_json=as_json)


@app.command("get", cls=Command)
def get(
    reference: Reference,
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", callback=not_empty, help="The key. Default: list all keys.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print an object with the keys, or with the content type and the value.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the keys of a key-value store, or one record as it is stored.

    Example: greenroom kvs get last OUTPUT
    """
    with connected(resolved(data_dir)) as client:
        store_id = str(get_storage(client, STORES, reference)["id"])
        if key is None:
            _print_keys(client, store_id, as_json=as_json)
        else:
            _print_record(client, store_id, key, as_json=as_json)


def _print_keys(client: Client, store_id: str, *, as_json: bool) -> None:
    keys = client.key_value_stores.keys(store_id)
    if as_json:
        terminal.print_json({"id": store_id, "keys": list(keys)})
        return
    for key in keys:
        print_result(key)


def _print_record(client: Client, store_id: str, key: str, *, as_json: bool) -> None:
    try:
        with client.key_value_stores.stream_record(store_id, key) as response:
            content_type = response.headers["content-type"]
            if as_json:
                terminal.print_json({"key": key, "contentType": content_type, "value": _value(response.read())})
            else:
                print_content(response.iter_raw(), content_type)
    except RecordNotFound as error:
        message = f"There is no record with the key {key!r} in the key-value store {store_id}."
        advice = f"List the keys with `greenroom kvs get {store_id}`."
        raise CommandError(message, advice, exit_code=INVALID_INPUT, code="record-not-found") from error


def _value(content: bytes) -> object:
    """Return the content of a record as JSON: parsed if it is JSON, otherwise as text."""
    try:
        return loads(content)
    except ValueError:
        return content.decode(errors="replace")


@app.command("push", cls=Command)
def push(
    reference: Reference,
    key: Annotated[str, typer.Argument(metavar="KEY", callback=not_empty, help="The key.", show_default=False)],
    value: Annotated[
        str, typer.Argument(metavar="TEXT|@FILE|-", help="The value: text, a file, or - for stdin.", show_default=False)
    ],
    content_type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            callback=not_empty,
            help="Set the content type. Default: that of the file's extension, JSON for JSON, otherwise plain text.",
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Store a record in a key-value store. If no store and no run has this name, a store is created.

    Example: greenroom kvs push my-store config @config.json
    """
    content = read_content(value)
    stored_type = content_type or _content_type(value, content)
    with connected(resolved(data_dir)) as client:
        store = get_or_create_storage(client, STORES, reference)
        client.key_value_stores.put_record(store["id"], key, stored_type, BytesIO(content))
    if as_json:
        description = {"id": store["id"], "name": store["name"], "key": key}
        terminal.print_json({**description, "contentType": stored_type, "bytes": len(content)})
    else:
        name = store["name"] or store["id"]
        print_result(f"Stored {key} ({stored_type}, {len(content)} bytes) in key-value store {name}.")


def _content_type(given: str, content: bytes) -> str:
    of_file = content_type_of(Path(given[1:]).suffix) if given.startswith("@") else None
    if of_file:
        return of_file
    try:
        loads(content)
    except ValueError:
        return TEXT if _is_utf8(content) else BINARY
    return JSON


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@app.command("export", cls=Command)
def export(
    reference: Reference,
    to: ToFolder = Path("storage"),
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export a key-value store to a local folder that the Apify SDKs can open.

    Example: greenroom kvs export last --to ./storage
    """
    raise typer.Exit(export_storage(STORES, reference, to, resolved(data_dir), force=force, as_json=as_json))
