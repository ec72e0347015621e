"""Prints the address of the web server in a run as soon as the server answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cli.client import Client
from cli.errors import CommandError
from cli.terminal import print_message

POLL_SECS = 1.0


@contextmanager
def web_server_notice(client: Client, run_id: str) -> Iterator[None]:
    """While the block runs, wait in a thread until the run's web server is ready, then print its URL once."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(client, run_id, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(POLL_SECS)


def _watch(client: Client, run_id: str, ended: threading.Event) -> None:
    while not ended.wait(POLL_SECS):
        try:
            run = client.runs.find(run_id)
        except CommandError:  # the log, which the main thread reads from the same server, reports the problem
            return
        if run is None:
            return
        if run.get("isContainerServerReady"):
            print_message(f"The Actor's web server answers at {run['containerUrl']}")
            return
