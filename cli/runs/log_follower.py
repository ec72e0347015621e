"""Prints the log of a run or build while it is written."""

from __future__ import annotations

from cli import terminal
from cli.client import Client
from cli.terminal.interrupts import deferred_interrupts
from cli.terminal.streams import StandardStream
from cli.terminal.text import TerminalLines


class LogFollower:
    """Copies the log of a job to a stream, without its first `skipped_bytes`.

    After an interrupt, call `follow` again to continue.

    A terminal gets safe text: with the Actor's colours, but without anything that moves the cursor, and with long lines
    cut. Every other stream gets the log as the API returns it.
    """

    def __init__(self, client: Client, job_id: str, to: StandardStream, skipped_bytes: int = 0) -> None:
        self._client = client
        self._job_id = job_id
        self._to = to
        self._colors = terminal.shows_colors(to)
        self._lines = TerminalLines(with_colors=self._colors) if to.isatty() else None
        self._copied = skipped_bytes

    def follow(self) -> None:
        """Copy the log until the job finishes."""
        skip = self._copied
        for chunk in self._client.log(self._job_id, raw=self._colors):
            fresh = chunk[skip:]
            skip -= len(chunk) - len(fresh)
            # An interrupt between writing and counting would print a line twice, or never.
            with deferred_interrupts():
                self._to.write_bytes(self._lines.feed(fresh) if self._lines else fresh)
                self._copied += len(fresh)
        if self._lines:
            self._to.write_bytes(self._lines.end())
