"""Finding a server through the data directory's `server.json`, and starting and stopping one for a call."""

from __future__ import annotations

import fcntl
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import httpx
import psutil

from cli.errors import Problem
from cli.terminal import say, step

SERVER_FILE = "server.json"
CALLS_FILE = "calls.lock"
LOG_FILE = "server.log"
ANSWER_SECS = 10.0
POLL_SECS = 0.1
START_SECS = 120.0
STOP_SECS = 120.0
LOG_LINES_SHOWN = 15
COMMAND = (sys.executable, "-P", str(Path(__file__).resolve().with_name("__main__.py")))
"""The `greenroom` command of this very installation.

It is named by its path, because `-m` searches the current folder and PYTHONPATH for a package of that name first. `-P`
prevents Python from adding the file's own folder, whose modules have common names too. The environment is passed on
unchanged: PYTHONPATH may be what provides Greenroom's dependencies.
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server as `server.json` names it. `info` is what it told about itself, once it answered."""

    pid: int
    url: str
    token: str
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def find(data_dir: Path) -> Server | None:
    """The server of a data directory; None where `server.json` is absent or left by one that is no more."""
    told = _told(data_dir)
    if told is None or not _lives(told.pid):
        return None
    try:
        response = _control("GET", told, "info")
    except httpx.HTTPError:
        return None
    return replace(told, info=response.json())


def ask_to_stop(server: Server, *, stop_runs: bool | None = None) -> int:
    """Ask for an orderly end; the number of live runs it leaves. None: as the server was told when it started."""
    params = {} if stop_runs is None else {"stopRuns": int(stop_runs)}
    try:
        response = _control("POST", server, "shutdown", **params)
    except httpx.HTTPError as problem:
        raise Problem(f"The server at {server.url} did not take the request to stop: {problem}.") from problem
    return int(response.json()["liveRuns"])


def wait_gone(server: Server) -> None:
    """Return when the server's process is over. Raises Problem when it takes too long."""
    deadline = time.monotonic() + STOP_SECS
    while _lives(server.pid):
        if time.monotonic() > deadline:
            raise Problem(f"The server (pid {server.pid}) was asked to stop and has not ended in {STOP_SECS:.0f} s.")
        time.sleep(POLL_SECS)


@contextmanager
def borrowed(data_dir: Path) -> Iterator[Server]:
    """The server of a data directory, or one started for the calls that need it and stopped by the last of them.

    Every call holds a shared lock; a server is stopped by who can make the lock exclusive, and only if its pid is the
    one that the lock file names as started for a call.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / CALLS_FILE).open("a+") as calls:
        fcntl.flock(calls, fcntl.LOCK_SH)
        server = find(data_dir) or _start(data_dir, calls)
        try:
            yield server
        except KeyboardInterrupt:
            _give_back(data_dir, calls, waits=False)
            raise
        except BaseException:
            _give_back(data_dir, calls, waits=True)
            raise
        _give_back(data_dir, calls, waits=True)


def _start(data_dir: Path, calls: IO[str]) -> Server:
    with step("No server runs; starting one for this call"):
        server, is_ours = _started(data_dir)
    if is_ours:
        calls.truncate(0)
        calls.write(json.dumps({"pid": server.pid, "adoptedRuns": server.info["liveRuns"]}))
        calls.flush()
    return server


def _started(data_dir: Path) -> tuple[Server, bool]:
    """A server that answers, and whether it is the one begun here: another call may have been quicker."""
    log_file = data_dir / LOG_FILE
    command = [*COMMAND, "up", "--port", str(_port(data_dir)), "--data-dir", str(data_dir)]
    with log_file.open("wb") as log:
        # A session of its own: a Ctrl-C in this terminal is for the call, not for the server.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        server = _answering(data_dir, process)
    except BaseException:
        process.terminate()
        raise
    if server is None:
        last = "\n".join(log_file.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
        raise Problem(f"The server did not start. The end of {log_file}:\n{last}")
    return server, server.pid == process.pid


def _answering(data_dir: Path, process: subprocess.Popen[bytes]) -> Server | None:
    deadline = time.monotonic() + START_SECS
    while time.monotonic() < deadline:
        has_ended = process.poll() is not None
        server = find(data_dir)
        if server or has_ended:
            return server
        time.sleep(POLL_SECS)
    raise Problem(f"The server did not answer within {START_SECS:.0f} s; its log is {data_dir / LOG_FILE}.")


def _give_back(data_dir: Path, calls: IO[str], *, waits: bool) -> None:
    try:
        fcntl.flock(calls, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    calls.seek(0)
    noted = calls.read()
    server = find(data_dir)
    if noted and server and server.pid == json.loads(noted)["pid"]:
        _stop(server, json.loads(noted)["adoptedRuns"], waits=waits)
        calls.truncate(0)


def _stop(server: Server, adopted_runs: int, *, waits: bool) -> None:
    """End the server with the runs of its calls; runs it found live when it started are not theirs to end."""
    live = ask_to_stop(server, stop_runs=adopted_runs == 0)
    if adopted_runs and live:
        say(f"{live} live runs go on, some from before this call; `greenroom up` adopts them.")
    if waits:
        with step("Stopping the server that was started for this call"):
            wait_gone(server)
    else:
        say(f"The server started for this call (pid {server.pid}) is stopping.")


def _told(data_dir: Path) -> Server | None:
    """What `server.json` says, be it true or not; None where it says nothing."""
    try:
        told = json.loads((data_dir / SERVER_FILE).read_text())
        return Server(int(told["pid"]), str(told["url"]), str(told["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _control(method: str, server: Server, name: str, **params: int) -> httpx.Response:
    """One of the server's local controls."""
    with httpx.Client(timeout=ANSWER_SECS, trust_env=False) as http:
        response = http.request(method, f"{server.url}/greenroom/{name}", params=params, headers=server.authorization)
    return response.raise_for_status()


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _port(data_dir: Path) -> int:
    """The port of a server that died, since the containers it left know the API by it; else any that is free."""
    told = _told(data_dir)
    before = (urlsplit(told.url).port if told else None) or 0
    return _free_port(before) or _free_port(0)


def _free_port(wanted: int) -> int:
    """`wanted` if it is free (0 means any), else 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return int(probe.getsockname()[1])
