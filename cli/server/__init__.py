"""Finds a server through the data directory's `server.json`, and runs a temporary one while commands need it.

A command starts a temporary server if none is running. The last command that uses it stops it.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from cli.errors import CommandError
from cli.options import data_dir_option
from cli.server.ports import free_port
from cli.terminal import print_message, print_warning, progress

if TYPE_CHECKING:
    import httpx

    from runtime.base.configuration import Configuration

SERVER_FILE = "server.json"
PREPARED_NETWORKS = "GREENROOM_PREPARED_NETWORKS"
LOCK_FILE = "calls.lock"
"""Every command that uses a server holds a shared lock on this file. It describes the temporary server, if any."""
LOG_FILE = "server.log"
RESPONSE_SECS = 10.0
POLL_SECS = 0.1
START_SECS = 120.0
STOP_SECS = 120.0
LOG_LINES_SHOWN = 15
COMMAND = (sys.executable, "-P", str(Path(__file__).resolve().parents[1] / "__main__.py"))
"""The `greenroom` command of this installation.

It is started by its path, because `-m` searches the current folder and PYTHONPATH for a package of that name first.
`-P` prevents Python from adding the file's own folder to its path, because the modules in it have common names. The
environment is passed on unchanged, because PYTHONPATH may be needed to find Greenroom's dependencies.
"""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server as `server.json` describes it. `info` is its own description, empty until it has been queried.

    A temporary server stops with the commands that use it, so its URLs are of no use afterwards.
    """

    pid: int
    url: str
    token: str
    info: dict[str, Any] = field(default_factory=dict)
    is_temporary: bool = False

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def find(data_dir: Path, response_secs: float = RESPONSE_SECS) -> RunningServer | None:
    """Return the server of a data directory, or None if `server.json` is absent or stale, or without a response."""
    described = _read_server_file(data_dir)
    if described is None or not _is_alive(described.pid):
        return None
    import httpx  # here and below, because a server that starts finds no other and does not need it

    try:
        response = _control("GET", described, "info", response_secs)
    except httpx.HTTPError:
        return None
    return replace(described, info=response.json())


def get(data_dir: Path, alternative: str = "") -> RunningServer:
    """Return the server of a data directory. Raises CommandError if none is running; `alternative` ends its advice."""
    running = find(data_dir)
    if running is None:
        advice = f"Start one with `greenroom up{data_dir_option(data_dir)}`{alternative}."
        raise CommandError(f"No server is running on {data_dir}.", advice, code="no-server")
    return running


def request_shutdown(server: RunningServer, *, stop_runs: bool | None = None) -> int:
    """Request an orderly shutdown and return the number of live runs that continue.

    With `stop_runs` None, the server's own --stop-runs option decides. Raises CommandError.
    """
    import httpx

    params = {} if stop_runs is None else {"stopRuns": int(stop_runs)}
    try:
        response = _control("POST", server, "shutdown", **params)
    except httpx.HTTPError as error:
        raise CommandError(
            f"The shutdown request to the server at {server.url} failed: {error}.",
            f"Try again, or end the process with `kill {server.pid}`.",
        ) from error
    return int(response.json()["liveRuns"])


def wait_until_stopped(server: RunningServer) -> None:
    """Return when the server's process has ended. Raises CommandError if that takes too long."""
    deadline = time.monotonic() + STOP_SECS
    while _is_alive(server.pid):
        if time.monotonic() > deadline:
            raise CommandError(
                f"The server (pid {server.pid}) did not stop within {STOP_SECS:.0f} s.",
                f"Wait a little longer, or end the process with `kill {server.pid}`.",
            )
        time.sleep(POLL_SECS)


@contextmanager
def find_or_start(
    data_dir: Path, configuration: Configuration | None = None, *, prepares_networks: bool = False
) -> Iterator[RunningServer]:
    """Yield the server of a data directory, or a temporary one that the last command using it stops.

    A temporary server gets the settings in `configuration`, by default those of the current folder. If another server
    is running, a warning names each setting in the configuration's file that differs from it. Commands that start
    several runs let a temporary server prepare networks (`prepares_networks`). With one run, none would be used.

    A command stops the server only if it gets the lock exclusively, and only if the lock file names the server's pid as
    that of a temporary server. Raises CommandError.
    """
    with _open_lock(data_dir) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with _translating_os_errors(data_dir):
            running = find(data_dir)
            server = running or _start_temporary(data_dir, lock, configuration, prepares_networks=prepares_networks)
            server = replace(server, is_temporary=_adopted_runs_of_temporary(server, lock) is not None)
            if running and configuration:
                _warn_of_differences(configuration, server)
        try:
            yield server
        except KeyboardInterrupt:
            _stop_if_last(data_dir, lock, waits=False)
            raise
        except BaseException:
            _stop_if_last(data_dir, lock, waits=True)
            raise
        _stop_if_last(data_dir, lock, waits=True)


def _open_lock(data_dir: Path) -> IO[str]:
    with _translating_os_errors(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (data_dir / LOCK_FILE).open("a+")


@contextmanager
def _translating_os_errors(data_dir: Path) -> Iterator[None]:
    """Raise CommandError if files in the data directory cannot be opened or written."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"The data directory {data_dir} cannot be used: {error.strerror or error}.",
            "Free space on its disk, make it writable, or choose another folder with --data-dir.",
        ) from error


def _warn_of_differences(configuration: Configuration, server: RunningServer) -> None:
    # Imported here and below, because most commands find a running server and need no settings.
    from cli.configuration.loading import differences

    running = server.info.get("settings")
    if running is None:  # an earlier version of Greenroom
        return
    for warning in differences(configuration, running, is_temporary=server.is_temporary):
        print_warning(warning)


def _start_temporary(
    data_dir: Path, lock: IO[str], configuration: Configuration | None, *, prepares_networks: bool
) -> RunningServer:
    from cli.configuration.loading import current_folder, load
    from runtime.base.configuration import CONFIG_VARIABLE, NO_FILE

    settings = configuration or load(current_folder())
    with progress("No server is running; starting a temporary one"):
        default = {} if prepares_networks or PREPARED_NETWORKS in os.environ else {PREPARED_NETWORKS: "0"}
        server, is_ours = _launch(data_dir, {**default, **settings.server_variables(), CONFIG_VARIABLE: NO_FILE})
    if is_ours:
        try:
            lock.truncate(0)
            lock.write(json.dumps({"pid": server.pid, "adoptedRuns": server.info["liveRuns"]}))
            lock.flush()
        except OSError:  # the last command that uses the server could not recognize it as temporary
            request_shutdown(server)
            raise
    return server


def _launch(data_dir: Path, variables: Mapping[str, str]) -> tuple[RunningServer, bool]:
    """Return a server that responds, and whether this command started it. Another command may have been first.

    `variables` are added to the server's environment.
    """
    log_file = data_dir / LOG_FILE
    command = [*COMMAND, "up", "--port", str(choose_port(data_dir)), "--data-dir", str(data_dir)]
    with log_file.open("wb") as log:
        # In its own session, so that a Ctrl-C in this terminal reaches the command but not the server.
        process = subprocess.Popen(
            command,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = _wait_for_response(data_dir, process)
    except BaseException:
        process.terminate()
        raise
    if server is None:
        last_lines = "\n".join(log_file.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
        raise CommandError(
            f"The server did not start. The last lines of {log_file}:\n{last_lines}", code="server-unavailable"
        )
    return server, server.pid == process.pid


def _wait_for_response(data_dir: Path, process: subprocess.Popen[bytes]) -> RunningServer | None:
    """Return the server when it responds, or None if its process ends first."""
    deadline = time.monotonic() + START_SECS
    while time.monotonic() < deadline:
        has_ended = process.poll() is not None
        server = find(data_dir)
        if server or has_ended:
            return server
        time.sleep(POLL_SECS)
    raise CommandError(
        f"The server did not respond within {START_SECS:.0f} s. See its log: {data_dir / LOG_FILE}",
        code="server-unavailable",
    )


def _stop_if_last(data_dir: Path, lock: IO[str], *, waits: bool) -> None:
    """Stop the server if it is temporary and no other command uses it. With `waits`, wait until its process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    server = find(data_dir)
    adopted_runs = None if server is None else _adopted_runs_of_temporary(server, lock)
    if server is not None and adopted_runs is not None:
        _stop(server, adopted_runs, waits=waits)
        lock.truncate(0)


def _adopted_runs_of_temporary(server: RunningServer, lock: IO[str]) -> int | None:
    """Return how many runs a temporary server adopted when it started, or None if the server is not temporary."""
    lock.seek(0)
    text = lock.read()
    description = json.loads(text) if text else {}
    return int(description["adoptedRuns"]) if description.get("pid") == server.pid else None


def _stop(server: RunningServer, adopted_runs: int, *, waits: bool) -> None:
    """Stop a temporary server together with its runs, unless it adopted runs that were started before."""
    live_runs = request_shutdown(server, stop_runs=adopted_runs == 0)
    if adopted_runs and live_runs:
        print_message(
            f"{live_runs} live runs continue; some were started before this command. `greenroom up` adopts them."
        )
    if waits:
        with progress("Stopping the temporary server"):
            wait_until_stopped(server)
    else:
        print_message(f"The temporary server (pid {server.pid}) is stopping.")


def _read_server_file(data_dir: Path) -> RunningServer | None:
    """Return the server in `server.json`, which may be stale; None if the file is absent or not valid."""
    try:
        server = json.loads((data_dir / SERVER_FILE).read_text())
        return RunningServer(int(server["pid"]), str(server["url"]), str(server["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _control(
    method: str, server: RunningServer, name: str, response_secs: float = RESPONSE_SECS, **params: int
) -> httpx.Response:
    """Send a request to one of the server's local controls."""
    import httpx

    # The server uses plain HTTP, and loading certificates would take longer than the request.
    with httpx.Client(timeout=response_secs, trust_env=False, verify=False) as http:
        response = http.request(method, f"{server.url}/greenroom/{name}", params=params, headers=server.authorization)
    return response.raise_for_status()


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def choose_port(data_dir: Path) -> int:
    """Return a free port: that of the last server if possible, because its containers reach the API there."""
    last_server = _read_server_file(data_dir)
    last_port = (urlsplit(last_server.url).port if last_server else None) or 0
    return free_port(last_port)
