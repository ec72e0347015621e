"""One run of the loop: its log is printed in a thread, until the run ends or the next one replaces it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from cli import terminal
from cli.client import Client
from cli.errors import CommandError
from cli.runs.listing import STATUS_STYLES
from cli.runs.web_server_notice import web_server_notice
from cli.terminal import print_error, print_message, streams
from cli.terminal.text import TerminalLines
from runtime.base.json_text import JsonDict


@dataclass(slots=True)
class _State:
    is_replaced: bool = False
    is_last: bool = False


class LiveRun:
    """Prints the log and the end of a run. Two runs never print at the same time."""

    def __init__(self, client: Client, run: JsonDict) -> None:
        self.id = str(run["id"])
        self._client = client
        self._state = _State()
        self._printing = threading.Lock()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def replace(self) -> None:
        """Abort the run if it is live, without waiting for its end. Nothing of it is printed any more."""
        with self._printing:
            self._state.is_replaced = True
        if self._thread.is_alive():
            self._client.runs.abort(self.id)

    def end(self) -> None:
        """Abort the run if it is live, and wait until it and its log have ended."""
        self._state.is_last = True
        if self._thread.is_alive():
            self._client.runs.abort(self.id)
            self._thread.join()

    def wait(self) -> None:
        self._client.runs.wait(self.id)

    def _follow(self) -> None:
        try:
            with web_server_notice(self._client, self.id):
                self._print_log()
            run = self._client.runs.wait(self.id)
        except CommandError as error:
            if not self._state.is_replaced:
                print_error(error)
            return
        with self._printing:
            if not self._state.is_replaced:
                reason = run.get("statusMessage") or "It has no status message."
                wait = "" if self._state.is_last else " Waiting for changes."
                print_message(f"{run['status']}: {reason}{wait}", STATUS_STYLES.get(run["status"]))

    def _print_log(self) -> None:
        stream = streams.stdout
        has_colors = terminal.shows_colors(stream)
        lines = TerminalLines(with_colors=has_colors) if stream.isatty() else None
        for chunk in self._client.log(self.id, raw=has_colors):
            with self._printing:
                if self._state.is_replaced:
                    return
                stream.write_bytes(lines.feed(chunk) if lines else chunk)
