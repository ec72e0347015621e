"""`greenroom run`: builds the Actor in a folder or a git repository, runs it, and prints the run's summary."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import httpx
import typer

from cli import terminal
from cli.actors.folder import is_git_url
from cli.actors.source import Source, existing_source, read_local_actor
from cli.client import Client, connected
from cli.errors import ABORTED, FAILED, RESERVED, TIMED_OUT, error_object
from cli.failures import Command
from cli.options import DataDir, not_empty, parsed, resolved
from cli.runs.debugger import with_debugger
from cli.runs.input import read_input
from cli.runs.log_follower import LogFollower
from cli.runs.options import parse_env_vars, parse_memory
from cli.runs.summary import RunResult, print_summary
from cli.runs.target import RunArguments, RunTarget, given_input, prepare_target
from cli.runs.web_server_notice import web_server_notice
from cli.terminal import print_message, print_warning, progress, streams
from cli.terminal.interrupts import deferred_interrupts
from cli.terminal.streams import OutputError
from runtime.base.json_text import JsonDict, loads
from runtime.base.settings import default_data_dir

app = typer.Typer(add_completion=False)


class Permission(StrEnum):
    """The values of --permission, with those of the API."""

    FULL = "full"
    LIMITED = "limited"

    @property
    def level(self) -> str:
        return f"{self.name}_PERMISSIONS"


Memory = Annotated[
    str | None,
    typer.Option("--memory", "-m", metavar="SIZE", help="Set the memory of the run: megabytes, 512m or 4g."),
]
GivenInput = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="JSON|@FILE|-",
        help="Pass this input: JSON, a file, or - for stdin. Default: storage/key_value_stores/default/INPUT.json in"
        " the folder, if it exists.",
    ),
]
Prefill = Annotated[
    bool,
    typer.Option("--prefill", help="Pass the prefilled values of the input schema, replaced by the fields of -i."),
]
Timeout = Annotated[
    int | None, typer.Option(min=0, metavar="SECS", help="Set the timeout of the run; 0 means no timeout.")
]
EnvVars = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Set an environment variable of this run. Can be repeated."),
]
PermissionOption = Annotated[
    Permission | None, typer.Option(metavar="full|limited", help="Set the permissions of the run.")
]
BuildOption = Annotated[
    str | None,
    typer.Option(
        metavar="TAG",
        callback=not_empty,
        help="Run the existing build with this tag or number, instead of a new one.",
    ),
]
NoBuild = Annotated[bool, typer.Option("--no-build", help="Run the last build instead of a new one.")]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Run the Actor again whenever its files change, without a new build if possible. Ctrl-C ends.",
    ),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Let the Actor wait for a debugger on 127.0.0.1, and show how to attach one."),
]
ResultAsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the run, its OUTPUT and its first 10 items as one JSON object to stdout. If the command fails, the"
        " object has the field `error`.",
    ),
]

ITEMS_FETCHED = 10
OUTPUT_KEY = "OUTPUT"
EXIT_CODES = {"SUCCEEDED": 0, "TIMED-OUT": TIMED_OUT, "ABORTED": ABORTED}


@app.command(cls=Command)
def run(
    source: Source = ".",
    memory: Memory = None,
    given_input: GivenInput = None,
    prefill: Prefill = False,
    timeout: Timeout = None,
    env: EnvVars = None,
    permission: PermissionOption = None,
    build: BuildOption = None,
    no_build: NoBuild = False,
    watch: Watch = False,
    debug: Debug = False,
    as_json: ResultAsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Build the Actor in a folder or a git repository and run it. Ctrl-C aborts the run.

    Example: greenroom run --watch -i '{"url": "https://example.com"}' ./my-actor

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, 64 wrong usage, 65 build failed, 69 command
    failed. Otherwise the Actor's own exit code; 1 if it has none, or if it is one of these codes.
    """
    if build and no_build:
        raise typer.BadParameter("--build and --no-build exclude each other", param_hint="--build")
    if watch and debug:
        raise typer.BadParameter("--watch and --debug exclude each other", param_hint="--debug")
    if watch:
        _check_watch(source, has_build=bool(build) or no_build, as_json=as_json)
    arguments = RunArguments(
        source=existing_source(source),
        data_dir=resolved(data_dir),
        body=read_input(given_input),
        prefill=prefill,
        memory_mbytes=parsed("--memory", parse_memory, memory),
        timeout_secs=timeout,
        permission_level=permission and permission.level,
        env_vars=parsed("--env", parse_env_vars, env) or {},
        build=build,
        no_build=no_build,
        debug=debug,
        as_json=as_json,
    )
    if watch:
        from cli.watch.loop import watch_actor  # watchfiles is needed only here

        raise typer.Exit(watch_actor(arguments))
    raise typer.Exit(run_actor(arguments))


def _check_watch(source: str, *, has_build: bool, as_json: bool) -> None:
    """Reject what does not fit to --watch, which runs the current files of a folder until an interrupt."""
    if is_git_url(source):
        raise typer.BadParameter("only a folder can be watched, not a git repository", param_hint="--watch")
    if has_build:
        raise typer.BadParameter("--watch builds the Actor: leave out --build and --no-build", param_hint="--watch")
    if as_json:
        raise typer.BadParameter("--watch and --json exclude each other", param_hint="--watch")


def run_actor(arguments: RunArguments) -> int:
    """Build the Actor, run it and print its summary; return the exit code. Raises CommandError."""
    folder = read_local_actor(arguments.source)
    body = given_input(arguments, folder)
    with connected(arguments.data_dir) as client:
        target = prepare_target(client, folder, body, arguments)
        if arguments.debug:
            target = with_debugger(client, target, folder.path if folder is not None else None)
        result = _fetch_result(client, _run_to_end(client, target, arguments), arguments)
        _print_result(result, as_json=arguments.as_json)
    return exit_code(result.run)


def exit_code(run: JsonDict) -> int:
    """Return the exit code of the `apify` command for this run. If the run failed, it is the Actor's own.

    An Actor's code that Greenroom uses itself is reported as FAILED, so that it cannot be mistaken.
    """
    own = run.get("exitCode") or FAILED
    return EXIT_CODES.get(run["status"], FAILED if own in RESERVED else own)


def _run_to_end(client: Client, target: RunTarget, arguments: RunArguments) -> JsonDict:
    """Start the run and return it when it has finished. The first interrupt aborts it, the second one exits."""
    run: JsonDict | None = None
    log: LogFollower | None = None
    try:
        with deferred_interrupts():
            run = client.runs.start(target.actor["id"], target.params, target.body)
        print_message(f"Run {run['id']} of {target.actor['name']}, build {target.build_number}")
        log = LogFollower(client, run["id"], streams.stderr if arguments.as_json else streams.stdout)
        with web_server_notice(client, run["id"]):
            log.follow()
        return client.runs.wait(run["id"])
    except KeyboardInterrupt:
        if run is None:
            raise
        return _abort(client, run, log)
    except OutputError:
        if run is not None:
            client.runs.abort(run["id"])
        raise


def _abort(client: Client, run: JsonDict, log: LogFollower | None) -> JsonDict:
    try:
        print_warning("\nAborting the run. Press Ctrl-C again to exit without waiting.")
        client.runs.abort(run["id"])
        if log:
            log.follow()
        return client.runs.wait(run["id"])
    except KeyboardInterrupt:
        print_warning(f"\nExited without waiting. Run {run['id']} may still be ending; its record and log remain.")
        raise


def _fetch_result(client: Client, run: JsonDict, arguments: RunArguments) -> RunResult:
    with progress("Fetching the results"):
        page = client.datasets.first_items(run["defaultDatasetId"], ITEMS_FETCHED)
        output = client.key_value_stores.find_record(run["defaultKeyValueStoreId"], OUTPUT_KEY)
        places = _places(client, run, arguments)
    return RunResult(run, page.items, page.total, _record_value(output) if output else None, places)


def _places(client: Client, run: JsonDict, arguments: RunArguments) -> dict[str, str]:
    """Return where the results are: URLs that need no token, or a command if the server stops with this command."""
    if not client.urls_stay_valid:
        is_default = arguments.data_dir == default_data_dir().resolve()
        data_dir = "" if is_default else f" --data-dir {arguments.data_dir}"
        return {"Results": f"greenroom storage export --run {run['id']}{data_dir}"}
    dataset = client.storages.find("datasets", run["defaultDatasetId"])
    store = client.storages.find("key-value-stores", run["defaultKeyValueStoreId"])
    places = {
        "Dataset": dataset and dataset.get("itemsPublicUrl"),
        "Store": store and store.get("keysPublicUrl"),
        "Log": client.log_url(run["id"]),
    }
    return {label: url for label, url in places.items() if url}


def _record_value(response: httpx.Response) -> Any:
    """Return a record as JSON: parsed, as a string, or, if it is binary, its content type and size."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if content_type == "application/json":
        try:
            return loads(response.content)
        except ValueError:  # an Actor can store any bytes under this type
            return response.text
    if content_type.startswith("text/"):
        return response.text
    return {"contentType": content_type, "bytes": len(response.content)}


def _print_result(result: RunResult, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json({**_json(result), **_error(result.run)})
    else:
        print_summary(result)


def _json(result: RunResult) -> JsonDict:
    return {"run": result.run, "itemCount": result.item_count, "items": result.items, "output": result.output}


def _error(run: JsonDict) -> JsonDict:
    """Return the error of a run that did not succeed."""
    if run["status"] == "SUCCEEDED":
        return {}
    message = run.get("statusMessage") or f"Run {run['id']} finished with status {run['status']}."
    return {"error": error_object(f"run-{run['status'].lower()}", message, "", exit_code(run))}
