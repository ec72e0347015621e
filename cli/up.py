"""`greenroom up`: one server in the foreground."""

from __future__ import annotations

import errno
import logging
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from cli import server
from cli.errors import Problem
from cli.terminal import say
from runtime.base.settings import Settings

USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
ALIAS = "me"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def up(settings: Settings) -> None:
    """Serve until asked to stop, then say what is left. Raises Problem where a server cannot be started."""
    _refuse_second(settings.data_dir)
    _refuse_taken(settings.port)
    # The whole of the server: half a second that no other command needs.
    from api.server import AlreadyRunning, EngineUnavailable, NewerSchema, PortTaken, WrongKey, serve

    logging.basicConfig(format=LOG_FORMAT, level=logging.WARNING)
    logging.getLogger("greenroom").setLevel(logging.INFO)
    try:
        left = serve(settings, ready=lambda info: _greet(info.as_json(), settings))
    except AlreadyRunning as problem:
        raise Problem(str(problem), "Stop it with `greenroom down`, or give this one another --data-dir.") from problem
    except (NewerSchema, WrongKey) as problem:
        raise Problem(str(problem)) from problem
    except PortTaken as problem:
        raise _taken(settings.port) from problem
    except EngineUnavailable as problem:
        raise Problem(f"The Docker engine does not answer: {problem}", "Start it and try again.") from problem
    say(f"Stopped. {live_runs_left(left)}")


def live_runs_left(count: int) -> str:
    if not count:
        return "No live run is left."
    return f"{_runs(count)} left; the next `greenroom up` adopts those that still live."


def users_of(given: list[str]) -> Mapping[str, str]:
    """Token to user name, from `NAME:TOKEN`. Raises ValueError saying what is wrong."""
    users: dict[str, str] = {}
    for text in given:
        name, _, token = text.partition(":")
        if not USER_NAME.fullmatch(name) or name == ALIAS:
            raise ValueError(f"'{name}' cannot be a user's name: 1 to 30 letters, digits, '.', '_', '-', and not 'me'")
        if not token or token != "".join(token.split()):
            raise ValueError(f"the user '{name}' needs a token without spaces: {name}:TOKEN")
        if token in users:
            raise ValueError(f"the users '{users[token]}' and '{name}' have the same token")
        if name in users.values():
            raise ValueError(f"the user '{name}' is given twice")
        users[token] = name
    return users


def facts(info: Mapping[str, Any]) -> list[str]:
    """What a server is and what it enforces, in four lines."""
    engine = info["engine"]
    return [
        f"API       {info['apiUrl']}",
        f"Data      {info['dataDir']}",
        f"Engine    Docker {engine['version']}, cgroup v{engine['cgroupVersion']}, {engine['storageDriver']}",
        f"Enforced  {'; '.join(info['enforced'])}",
    ]


def banner(info: Mapping[str, Any], users: Mapping[str, str]) -> list[str]:
    """At most eight lines. The `apify` command (1.10) reads the two exports; a token it takes by `apify login` only."""
    live = f", {_runs(info['liveRuns'])} adopted" if info["liveRuns"] else ""
    return [
        f"Greenroom {info['version']}{live}",
        *facts(info),
        f"export APIFY_CLIENT_BASE_URL={info['apiUrl']}",
        # A Console at "localhost" would make `apify login` ask port 3333 whatever the base URL says.
        f"export APIFY_CONSOLE_URL=http://127.0.0.1:{urlsplit(info['apiUrl']).port}",
        f"apify login --token {next(iter(users), 'local')}  # once, where it is not logged in yet",
    ]


def _runs(count: int) -> str:
    return f"{count} live run{'s' if count != 1 else ''}"


def _greet(info: Mapping[str, Any], settings: Settings) -> None:
    for line in banner(info, settings.users):
        say(line)


def _refuse_second(data_dir: Path) -> None:
    running = server.find(data_dir)
    if running:
        raise Problem(
            f"A server (pid {running.pid}) already runs on {data_dir}, at {running.info['apiUrl']}.",
            "Use it, stop it with `greenroom down`, or give this one a folder of its own with --data-dir.",
        )


def _refuse_taken(port: int) -> None:
    for family, address in LOOPBACKS:
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise _taken(port) from problem
            if problem.errno == errno.EACCES:
                raise Problem(f"You may not listen on port {port}.", "Choose another with --port.") from problem


def _taken(port: int) -> Problem:
    return Problem(f"Port {port} is taken by {_listener(port)}.", f"Stop it, or choose another port: --port {port + 1}")


def _listener(port: int) -> str:
    """Who listens on a port, as far as this user may know."""
    try:
        connections = psutil.net_connections("tcp")
        pids = [
            c.pid for c in connections if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port and c.pid
        ]
        return f"{psutil.Process(pids[0]).name()} (pid {pids[0]})" if pids else "a process of another user"
    except psutil.Error:
        return "another process"
