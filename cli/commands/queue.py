"""`greenroom queue`: lists, reads, fills and exports request queues."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.client import connected
from cli.completion import complete_queue
from cli.errors import INVALID_INPUT, CommandError
from cli.failures import Command
from cli.options import AsJson, DataDir, Limit, resolved
from cli.storage.arguments import Force, ToFolder, storage_argument
from cli.storage.batches import batches, json_array
from cli.storage.content import parse_objects, print_content, read_content
from cli.storage.exporting import export_storage
from cli.storage.layout import MAX_BATCH, QUEUES
from cli.storage.listing import list_storages
from cli.storage.references import get_or_create_storage, get_storage
from cli.terminal import print_result
from cli.terminal.text import counted
from runtime.base.json_text import JsonDict, dumps

REQUESTS_ADVICE = """Pass URLs, or requests as in '{"url": "https://example.com"}', one a line or as an array."""

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, read, fill and export request queues.")

Reference = Annotated[str, storage_argument("QUEUE", "A request queue", complete_queue)]


@app.command("ls", cls=Command)
def list_all(limit: Limit = 100, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the request queues, newest first.

    Example: greenroom queue ls
    """
    list_storages(QUEUES, limit, resolved(data_dir), as_json=as_json)


@app.command("get", cls=Command)
def get(
    reference: Reference,
    pending: Annotated[bool, typer.Option("--pending", help="Print only requests that have not been handled.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, metavar="COUNT", help="Print at most this many requests.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Print the requests of a request queue as JSON, one a line.

    Example: greenroom queue get last --pending
    """
    with connected(resolved(data_dir)) as client:
        queue = get_storage(client, QUEUES, reference)
        found = client.request_queues.requests(queue["id"])
        chosen = islice((each for each in found if not (pending and each.get("handledAt"))), limit)
        if as_json:
            terminal.print_json({"id": queue["id"], "requests": list(chosen)})
        else:
            print_content((dumps(request) + b"\n" for request in chosen), "application/jsonl")


@app.command("push", cls=Command)
def push(
    reference: Reference,
    requests: Annotated[
        str,
        typer.Argument(
            metavar="URL|JSON|@FILE|-",
            help="A URL, a request, an array of requests, or one request or URL a line.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Add requests to a request queue. If no queue and no run has this name, a queue is created.

    Example: greenroom queue push my-queue https://example.com
    """
    parsed_requests = parse_requests(read_content(requests))
    present = 0
    with connected(resolved(data_dir)) as client:
        queue = get_or_create_storage(client, QUEUES, reference)
        for batch in batches(map(dumps, parsed_requests), MAX_BATCH):
            outcomes = client.request_queues.add(queue["id"], json_array(batch))
            present += sum(outcome["wasAlreadyPresent"] for outcome in outcomes)
    counts = {"pushed": len(parsed_requests), "alreadyPresent": present}
    if as_json:
        terminal.print_json({"id": queue["id"], "name": queue["name"], **counts})
    else:
        remark = f", {present} of them already present" if present else ""
        print_result(
            f"Pushed {counted(len(parsed_requests), 'request')} to queue {queue['name'] or queue['id']}{remark}."
        )


def parse_requests(content: bytes) -> list[JsonDict]:
    """Parse requests, or URLs, one a line. A request without a unique key gets its URL as the key.

    Raises CommandError.
    """
    lines = content.decode("utf-8-sig", "replace").split()
    if lines and all("://" in line and line[0] not in '{["' for line in lines):
        found: list[JsonDict] = [{"url": line} for line in lines]
    else:
        found = parse_objects(content, REQUESTS_ADVICE)
    for number, request in enumerate(found, 1):
        if not isinstance(request.get("url"), str):
            raise CommandError(f"Request {number} has no `url`.", REQUESTS_ADVICE, exit_code=INVALID_INPUT)
    return [{"uniqueKey": request["url"], **request} for request in found]


@app.command("export", cls=Command)
def export(
    reference: Reference,
    to: ToFolder = Path("storage"),
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export a request queue to a local folder that the Apify SDKs can open.

    Example: greenroom queue export last --to ./storage
    """
    raise typer.Exit(export_storage(QUEUES, reference, to, resolved(data_dir), force=force, as_json=as_json))
