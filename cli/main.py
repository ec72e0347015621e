"""The `greenroom` command: its options and help. Each subcommand is implemented in its own module."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli.actor_folder import is_git_url
from cli.clock import advance_clock, parse_duration
from cli.down import stop_server
from cli.errors import FAILED, CommandError
from cli.failures import Command, CommandGroup
from cli.prune import PruneArguments, prune
from cli.push import PushArguments, push_actor
from cli.run import run_actor
from cli.run_input import read_input
from cli.run_options import parse_env_vars
from cli.run_target import RunArguments
from cli.seed import SeedArguments, parse_names, seed_actors
from cli.stand_ins import parse_stand_in_name
from cli.status import show_status
from cli.storage.exporting import ExportArguments, run_export
from cli.storage.importing import ImportArguments, run_import
from cli.up import parse_general_access, parse_origins, parse_users, run_server
from runtime.base.memory_sizes import parse_memory
from runtime.base.plans import PlanName
from runtime.base.settings import DEFAULT_PORT, default_data_dir, from_environment

Given = TypeVar("Given")
Value = TypeVar("Value")

app = typer.Typer(
    cls=CommandGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Run Apify Actors on this machine, in Docker, under the limits of the Apify platform.",
)


def _show_version(requested: bool) -> None:
    if requested:
        print(f"greenroom {version('greenroom')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def _not_empty(value: str | None) -> str | None:
    """Reject an empty value, which is usually a variable of a script that is not set."""
    if value == "":
        raise typer.BadParameter("the value is empty")
    return value


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        file_okay=False,
        help="Use this data directory. Default: $GREENROOM_DATA_DIR, or `greenroom` in the user's data folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout, also if the command fails.")]
Source = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="The folder of the Actor, by default the current one; or a git repository: URL#BRANCH:FOLDER.",
        show_default=False,
    ),
]


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
        callback=_not_empty,
        help="Run the existing build with this tag or number, instead of a new one.",
    ),
]
NoBuild = Annotated[bool, typer.Option("--no-build", help="Run the last build instead of a new one.")]
ResultAsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the run, its OUTPUT and its first 10 items as one JSON object to stdout. If the command fails, the"
        " object has the field `error`.",
    ),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        help="Let web pages of this origin, such as http://localhost:5173, call the API. Can be repeated.",
    ),
]
Plan = Annotated[
    PlanName | None,
    typer.Option(
        metavar="|".join(PlanName),
        help="Use the limits and prices of this plan of the platform. Default: $GREENROOM_PLAN, or the limits of this"
        " machine.",
    ),
]


@app.command()
def up(
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535, help="Listen on this port.")] = DEFAULT_PORT,
    data_dir: DataDir = None,
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:TOKEN", help="Accept only the tokens given here, each for its user. Can be repeated."
        ),
    ] = None,
    general_access: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME:]LEVEL",
            help="Set who can read storages and runs that follow their user's account, of all users or of one: "
            "ANYONE_WITH_ID_CAN_READ (default) or RESTRICTED. Can be repeated.",
        ),
    ] = None,
    allow_origin: AllowOrigin = None,
    plan: Plan = None,
    stop_runs: Annotated[bool, typer.Option("--stop-runs", help="Abort live runs when the server stops.")] = False,
) -> None:
    """Serve the API in the foreground. After Ctrl-C, live runs continue and the next start adopts them."""
    users = _parsed("--user", parse_users, user) or {}
    access = _parsed("--general-access", partial(parse_general_access, users=users), general_access) or {}
    origins = _parsed("--allow-origin", parse_origins, allow_origin) or frozenset()
    try:
        settings = from_environment(
            port=port,
            data_dir=_resolve(data_dir),
            users=users,
            general_access=access,
            allowed_origins=origins,
            stop_runs=stop_runs,
            plan=plan,
        )
    except ValueError as error:
        raise CommandError(f"Invalid environment variable: {error}.") from error
    run_server(settings)


@app.command()
def down(
    data_dir: DataDir = None,
) -> None:
    """Stop the server. Live runs continue, unless the server was started with --stop-runs."""
    stop_server(_resolve(data_dir))


@app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the server's status and the limits that it enforces. The exit code is 1 if no server runs."""
    if not show_status(_resolve(data_dir), as_json=as_json):
        raise typer.Exit(FAILED)


@app.command()
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
    as_json: ResultAsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Build the Actor in a folder or a git repository and run it. Ctrl-C aborts the run.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, 64 wrong usage, 65 build failed, 69 command
    failed. Otherwise the Actor's own exit code; 1 if it has none, or if it is one of these codes.
    """
    if build and no_build:
        raise typer.BadParameter("--build and --no-build exclude each other", param_hint="--build")
    arguments = RunArguments(
        source=_existing(source),
        data_dir=_resolve(data_dir),
        body=read_input(given_input),
        prefill=prefill,
        memory_mbytes=_parsed("--memory", parse_memory, memory),
        timeout_secs=timeout,
        permission_level=permission and permission.level,
        env_vars=_parsed("--env", parse_env_vars, env) or {},
        build=build,
        no_build=no_build,
        as_json=as_json,
    )
    raise typer.Exit(run_actor(arguments))


@app.command()
def push(
    source: Source = ".",
    stand_in: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="USERNAME/NAME",
            callback=_not_empty,
            help="Make the public stand-in for this Actor of Apify Store, for all users. Its build has the tag latest.",
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create or update an Actor from a folder or a git repository, and build it. The server reads the source itself.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, 64 wrong usage, 65 build failed, 69 command
    failed.
    """
    arguments = PushArguments(
        source=_existing(source),
        data_dir=_resolve(data_dir),
        stand_in=_parsed("--as", parse_stand_in_name, stand_in),
        as_json=as_json,
    )
    raise typer.Exit(push_actor(arguments))


@app.command()
def seed(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="USERNAME/NAME", help="The Actors to create. Default: all that Greenroom knows."),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create public stand-ins for well-known Actors of Apify Store, such as apify/web-scraper. They run offline.

    Stand-ins that are up to date are not built again. Those that you pushed with --as are left unchanged.
    """
    chosen = _parsed("USERNAME/NAME", parse_names, names) or []
    seed_actors(SeedArguments(names=chosen, data_dir=_resolve(data_dir), as_json=as_json))


@app.command("prune")
def prune_builds(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show the builds that no tag, Actor or live run needs, and delete them with their images after a confirmation."""
    prune(PruneArguments(data_dir=_resolve(data_dir), yes=yes, as_json=as_json))


clock = typer.Typer(no_args_is_help=True, help="Control the clock of schedules, retention and webhook retries.")
app.add_typer(clock, name="clock")


@clock.command("advance", cls=Command)
def advance(
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="A number with a unit: 90s, 15m, 6h or 1d.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let time pass for schedules, retention and webhook retries of a running server. Live runs do not notice it."""
    secs = _parsed("DURATION", parse_duration, duration) or 0.0
    advance_clock(_resolve(data_dir), secs, as_json=as_json)


storage = typer.Typer(
    no_args_is_help=True, help="Copy storages between the server and the local folders of the Apify SDKs."
)
app.add_typer(storage, name="storage")


@storage.command("import", cls=Command)
def import_storages(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            exists=True,
            file_okay=False,
            help="A project, its `storage` folder, or the folder of one storage, such as storage/datasets/mine.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            callback=_not_empty,
            help="Name the imported `default` storages, or the one storage at PATH. Default: the project's name.",
        ),
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option("--run", metavar="ID", callback=_not_empty, help="Import into the default storages of this run."),
    ] = None,
    append: Annotated[
        bool,
        typer.Option("--append", help="Add to storages that are not empty. Records with the same key are replaced."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Import storages that an Actor stored locally with an Apify SDK, in Python or JavaScript."""
    if name and run_id:
        raise typer.BadParameter("a run's default storages have no name", param_hint="--name")
    arguments = ImportArguments(
        path=path, data_dir=_resolve(data_dir), name=name, run_id=run_id, append=append, as_json=as_json
    )
    raise typer.Exit(run_import(arguments))


@storage.command("export")
def export_storages(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="STORAGE", help="Ids or names of storages of any type.")
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="ID", callback=_not_empty, help="Export the default storages of this run, as `default`."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Export all storages, including unnamed ones.")] = False,
    to: Annotated[
        Path,
        typer.Option(
            metavar="DIR", file_okay=False, help="Write to this `storage` folder. Other storages in it stay unchanged."
        ),
    ] = Path("storage"),
    force: Annotated[bool, typer.Option("--force", help="Replace existing folders of the same name.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export storages to local folders that the Apify SDKs can open, in Python and JavaScript."""
    if not (references or run_id or everything):
        raise typer.BadParameter("pass ids or names of storages, --run, or --all", param_hint="STORAGE")
    arguments = ExportArguments(
        references=references or [],
        run_id=run_id,
        everything=everything,
        to=to,
        data_dir=_resolve(data_dir),
        force=force,
        as_json=as_json,
    )
    raise typer.Exit(run_export(arguments))


def main() -> None:
    app()


def _resolve(data_dir: Path | None) -> Path:
    return (data_dir or default_data_dir()).resolve()


def _existing(source: str) -> str:
    """Return a source that is a folder or a git URL."""
    if not is_git_url(source) and not Path(source).is_dir():
        problem = "is not a folder" if Path(source).exists() else "does not exist"
        raise typer.BadParameter(f"'{source}' {problem}", param_hint="PATH")
    return source


def _parsed(option: str, parse: Callable[[Given], Value], given: Given | None) -> Value | None:
    if given is None:
        return None
    try:
        return parse(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
