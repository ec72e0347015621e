"""Whether the port of a server is free, and otherwise which process has it."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress

import psutil

from cli.errors import CommandError

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def check_port_is_free(port: int) -> None:
    """Raise a CommandError if another process listens on a port of this machine, or if this user may not."""
    for family, address in LOOPBACKS:
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise port_taken(port) from error
            if error.errno == errno.EACCES:
                raise CommandError(
                    f"You do not have permission to listen on port {port}.", "Choose another port with --port."
                ) from error


def free_port(wanted: int) -> int:
    """Return `wanted` if it is free, otherwise another free port; 0 means any."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACKS[0][1], port))
            return int(probe.getsockname()[1])
    return wanted


def port_taken(port: int) -> CommandError:
    """Return the error for a port that another process has."""
    return CommandError(
        f"Port {port} is taken by {_listener(port)}.", f"Stop that process, or choose another port: --port {port + 1}"
    )


def _listener(port: int) -> str:
    """Describe the process that listens on a port, as far as this user is allowed to see it."""
    try:
        connections = psutil.net_connections("tcp")
        pids = [
            c.pid for c in connections if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port and c.pid
        ]
        return f"{psutil.Process(pids[0]).name()} (pid {pids[0]})" if pids else "a process of another user"
    except psutil.Error:
        return "another process"
