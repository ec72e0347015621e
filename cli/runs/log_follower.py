"""Prints the log of a run or build while it is written."""

from __future__ import annotations

from cli import terminal
from cli.client import Client
from cli.runs.log_filter import LogFilter
from cli.terminal.interrupts import deferred_interrupts
from cli.terminal.streams import StandardStream
from cli.terminal.text import TerminalLines


class LogFollower:
    """Copies the log of a job to a stream, without its first `skipped_bytes` and without what `lines` leaves out.

    After an interrupt, call `follow` again to continue.

    A terminal gets safe text: with the Actor's colors, but without anything that moves the cursor, and with long lines
    cut. Every other stream gets the log as the API returns it.
    """

    def __init__(
        self, client: Client, job_id: str, to: StandardStream, skipped_bytes: int = 0, lines: LogFilter | None = None
    ) -> None:
        self._client = client
        self._job_id = job_id
        self._to = to
        self._colors = terminal.shows_colors(to)
        self._filter = lines
        self._lines = TerminalLines(with_colors=self._colors) if to.isatty() else None
        self._copied = skipped_bytes
        self.has_written = False
        """Whether a line was selected."""

    def follow(self, *, until_end: bool = True) -> None:
        """Copy the log until the job finishes, or only what it contains now."""
        skip = self._copied
        for chunk in self._client.log(self._job_id, raw=self._colors, until_end=until_end):
            fresh = chunk[skip:]
            skip -= len(chunk) - len(fresh)
            # An interrupt between writing and counting would print a line twice, or never.
            with deferred_interrupts():
                self._write(self._filter.feed(fresh) if self._filter else fresh)
                self._copied += len(fresh)
        if self._filter:
            self._write(self._filter.end())
        if self._lines:
            self._to.write_bytes(self._lines.end())

    def _write(self, text: bytes) -> None:
        self.has_written = self.has_written or bool(text)
        self._to.write_bytes(self._lines.feed(text) if self._lines else text)
