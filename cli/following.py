"""The log of a run or build, copied while it is written."""

from __future__ import annotations

from typing import BinaryIO

from cli import terminal
from cli.client import Client
from cli.interrupts import held_interrupts


class Log:
    """A log being copied to a stream; following again goes on where it was left."""

    def __init__(self, client: Client, job_id: str, to: BinaryIO) -> None:
        self._client = client
        self._job_id = job_id
        self._to = to
        self._copied = 0

    def follow(self) -> None:
        """Copy what comes until the job ends."""
        skip = self._copied
        for chunk in self._client.log(self._job_id, raw=terminal.shows_colors()):
            fresh = chunk[skip:]
            skip -= len(chunk) - len(fresh)
            # Cut off between the two, a line would come twice, or never.
            with held_interrupts():
                self._to.write(fresh)
                self._to.flush()
                self._copied += len(fresh)
