"""`greenroom up`: runs a server in the foreground."""

from __future__ import annotations

import gc
import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import server
from cli.client_environment.shells import SHELLS, current_shell
from cli.configuration.loading import current_folder, default_note, load
from cli.errors import CommandError
from cli.failures import Command
from cli.options import DataDir, data_dir_option, parsed, resolved
from cli.server.description import count_live_runs, describe_live_runs, describe_server
from cli.server.ports import check_port_is_free, port_taken
from cli.terminal import print_message
from runtime.base.general_access import GeneralAccess
from runtime.base.plans import PlanName
from runtime.base.settings import LOCAL_USERNAME, Settings, of_configuration
from runtime.base.usernames import USERNAME_RULE, is_username

app = typer.Typer(add_completion=False)


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
        metavar="PLAN",
        help=f"Use the limits and prices of this plan of the platform: {', '.join(PlanName)}."
        f" {default_note('server.plan')}",
    ),
]

ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?")
DEFAULT_PORTS = {"http": "80", "https": "443"}
"""Browsers leave them out."""
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
ACCOUNT_LEVELS = (GeneralAccess.ANYONE_WITH_ID_CAN_READ, GeneralAccess.RESTRICTED)


@app.command(cls=Command)
def up(
    port: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=65535, help=f"Listen on this port. {default_note('server.port')}"),
    ] = None,
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
    """Serve the API in the foreground. After Ctrl-C, live runs continue and the next start adopts them.

    Example: greenroom up --port 4000
    """
    users = parsed("--user", parse_users, user) or {}
    access = parsed("--general-access", partial(parse_general_access, users=users), general_access) or {}
    origins = parsed("--allow-origin", parse_origins, allow_origin) or frozenset()
    options = {
        "server.port": port,
        "server.data_dir": str(resolved(data_dir)),
        "server.users": user,
        "server.general_access": general_access,
        "server.allow_origins": allow_origin,
        "server.plan": plan and plan.value,
        "server.stop_runs": stop_runs or None,
    }
    configuration = load(current_folder(), options)
    run_server(of_configuration(configuration, users=users, general_access=access, allowed_origins=origins))


def run_server(settings: Settings) -> None:
    """Serve until a shutdown is requested, then print how many live runs continue. Raises CommandError."""
    _check_no_other_server(settings.data_dir)
    check_port_is_free(settings.port)
    gc.disable()  # until `_is_ready`
    # Imported here, because the import takes half a second, and the other commands do not need it.
    from api.server import (
        AlreadyRunning,
        EngineUnavailable,
        NewerSchema,
        PortTaken,
        StorageDamaged,
        StorageUnavailable,
        WrongKey,
        serve,
    )

    logging.basicConfig(format=LOG_FORMAT, level=logging.WARNING)
    logging.getLogger("greenroom").setLevel(logging.INFO)
    try:
        live_runs = serve(settings, ready=lambda info: _is_ready(info.as_json()))
    except AlreadyRunning as error:
        raise CommandError(
            str(error), "Stop it with `greenroom down`, or choose another folder with --data-dir."
        ) from error
    except (EngineUnavailable, NewerSchema, WrongKey) as error:
        raise CommandError(str(error)) from error
    except (StorageUnavailable, StorageDamaged) as error:
        raise CommandError(str(error), f"The data directory is {settings.data_dir}.") from error
    except PortTaken as error:
        raise port_taken(settings.port) from error
    finally:
        gc.enable()  # if it could not start
    print_message(f"Stopped. {describe_live_runs(live_runs)}")


def parse_users(given: list[str]) -> Mapping[str, str]:
    """Parse `NAME:TOKEN` options into a map from token to user name. Raises ValueError with the reason."""
    users: dict[str, str] = {}
    for text in given:
        name, _, token = text.partition(":")
        if not is_username(name):
            raise ValueError(f"'{name}' is not a valid user name: use {USERNAME_RULE}")
        if not token or token != "".join(token.split()):
            raise ValueError(f"the user '{name}' needs a token without spaces: {name}:TOKEN")
        if token in users:
            raise ValueError(f"the users '{users[token]}' and '{name}' have the same token")
        if name in users.values():
            raise ValueError(f"the user '{name}' is given twice")
        users[token] = name
    return users


def parse_general_access(given: list[str], users: Mapping[str, str]) -> Mapping[str | None, GeneralAccess]:
    """Parse `LEVEL` (for all users) and `NAME:LEVEL` options into levels by user name; None stands for all others.

    Raises ValueError with the reason.
    """
    usernames = list(users.values()) or [LOCAL_USERNAME]
    levels: dict[str | None, GeneralAccess] = {}
    for text in given:
        name, colon, level = text.rpartition(":")
        if level not in ACCOUNT_LEVELS:
            raise ValueError(f"'{level}' is not a valid level: use {' or '.join(ACCOUNT_LEVELS)}")
        if colon and name not in usernames:
            raise ValueError(f"'{name}' is not a user: the users are {', '.join(usernames)}")
        if (name or None) in levels:
            raise ValueError(f"{name or 'the level of all users'} is given twice")
        levels[name or None] = GeneralAccess(level)
    return levels


def parse_origins(given: list[str]) -> frozenset[str]:
    """Parse `--allow-origin` options into origins as browsers send them. Raises ValueError with the reason."""
    return frozenset(_parse_origin(text) for text in given)


def _parse_origin(text: str) -> str:
    found = ORIGIN.fullmatch(text.strip().lower().removesuffix("/"))
    if found is None:
        raise ValueError(
            f"'{text}' is not an origin: write a scheme, a host and a port, such as http://localhost:5173. "
            "To accept requests of every origin that carry a token, use --user"
        )
    is_default = found["port"] == DEFAULT_PORTS[found["scheme"]]
    return f"{found['scheme']}://{found['host']}{'' if is_default or found['port'] is None else ':' + found['port']}"


def banner(info: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Return the lines to print when the server is ready, at most nine.

    They contain no user's token, because they may become part of a log. `greenroom env` prints it.
    """
    adopted = f", {count_live_runs(info['liveRuns'])} adopted" if info["liveRuns"] else ""
    option = data_dir_option(Path(info["dataDir"]))
    return [
        f"Greenroom {info['version']}{adopted}",
        *describe_server(info),
        "To use the `apify` command and the SDKs with this server, run in another terminal:",
        SHELLS[current_shell(environment)].evaluate(f"greenroom env{option}"),
    ]


def _is_ready(info: Mapping[str, Any]) -> None:
    """Start to collect garbage, and print the banner.

    What a start creates is not garbage: looking for it would take a twentieth of the time of the start. Later
    collections skip these objects too. They would hold the event loop while they look at all of them.
    """
    gc.freeze()
    gc.enable()
    with suppress(OSError):  # stderr may be a file on a full disk, and the server must start there too
        for line in banner(info, os.environ):
            print_message(line)


def _check_no_other_server(data_dir: Path) -> None:
    running = server.find(data_dir)
    if running:
        raise CommandError(
            f"A server (pid {running.pid}) is already running on {data_dir}, at {running.info['apiUrl']}.",
            "Use that server, stop it with `greenroom down`, or choose another folder with --data-dir.",
        )
