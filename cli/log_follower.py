"""Prints the log of a run or build while it is written."""

from __future__ import annotations

from typing import BinaryIO

from cli import terminal
from cli.client import Client
from cli.interrupts import deferred_interrupts


class LogFollower:
    """Copies the log of a job to a stream. After an interrupt, call `follow` again to continue."""

    def __init__(self, client: Client, job_id: str, to: BinaryIO) -> None:
        self._client = client
        self._job_id = job_id
        self._to = to
        self._copied = 0

    def follow(self) -> None:
        """Copy the log until the job finishes."""
        skip = self._copied
        for chunk in self._client.log(self._job_id, raw=terminal.shows_colors()):
            fresh = chunk[skip:]
            skip -= len(chunk) - len(fresh)
            # An interrupt between writing and counting would print a line twice, or never.
            with deferred_interrupts():
                self._to.write(fresh)
                self._to.flush()
                self._copied += len(fresh)
