"""Follows a fit on the server to its end, and prints each run that was measured."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cli.client import Client
from cli.errors import ABORTED, CommandError
from cli.terminal import print_message, print_warning, progress
from cli.terminal.interrupts import deferred_interrupts
from runtime.base.json_text import JsonDict
from runtime.base.sizes import megabytes

LIVE = frozenset({"RUNNING", "STOPPING"})


@dataclass(slots=True)
class Follower:
    """Starts a fit and follows it. `fit` is its newest state that is known; empty before the start."""

    client: Client
    fit: JsonDict = field(default_factory=dict)
    _shown: int = 0

    def run(self, order: JsonDict, params: JsonDict) -> CommandError | None:
        """Return when the fit has ended: None, or the error or interrupt that ended it early.

        An interrupt stops the fit. After a second one, its last runs may still be ending. Raises CommandError if the
        fit cannot be started.
        """
        try:
            with deferred_interrupts():
                self.fit = self.client.fits.start(order, params)
            return self._follow()
        except KeyboardInterrupt:
            if not self.fit:
                raise
            return self._stop()

    def _follow(self) -> CommandError | None:
        try:
            self._follow_batches()
        except CommandError as error:  # usually, the server has stopped
            with suppress(CommandError):  # otherwise, the fit would continue without its command
                self.fit = self.client.fits.stop(self.fit["id"])
            return error
        return _failure(self.fit)

    def _follow_batches(self) -> None:
        while self.fit["status"] in LIVE:
            if not self.fit["live"]:
                self._update()
                continue
            batch = {each["runId"] for each in self.fit["live"]}
            with progress(self._description(self.fit["live"])):
                while batch.intersection(each["runId"] for each in self.fit["live"]):
                    self._update()

    def _stop(self) -> CommandError:
        print_warning("Stopping the fit and its live runs. Press Ctrl-C again to exit without waiting.")
        try:
            self.fit = self.client.fits.stop(self.fit["id"])
            while self.fit["status"] in LIVE:
                self._update()
        except KeyboardInterrupt:
            live = ", ".join(each["runId"] for each in self.fit["live"])
            print_warning(f"Exited without waiting. These runs may still be ending: {live}")
        except CommandError as error:
            return error
        return CommandError("The measurement was interrupted.", exit_code=ABORTED)

    def _update(self) -> None:
        self.fit = self.client.fits.wait(self.fit)
        for run in self.fit["runs"][self._shown :]:
            print_message(self._line(run))
        self._shown = len(self.fit["runs"])

    def _description(self, batch: Sequence[JsonDict]) -> str:
        return "Running at " + ", ".join(
            f"{trial['memoryMbytes']} MB{self._input(trial)}{' to prove it' if trial['isProof'] else ''}"
            for trial in batch
        )

    def _line(self, run: JsonDict) -> str:
        sign = ">= " if run["isPeakCut"] else ""
        peak = "peak not measured" if run["peakBytes"] is None else f"peak {sign}{megabytes(run['peakBytes'])}"
        return f"{run['memoryMbytes']:>5} MB{self._input(run)}: {run['status']} after {run['secs']:.1f} s, {peak}"

    def _input(self, run: JsonDict) -> str:
        return f" with input {run['input'] + 1}" if len(self.fit["inputs"]) > 1 else ""


def _failure(fit: JsonDict) -> CommandError | None:
    error = fit["error"]
    if fit["status"] == "STOPPED":
        return CommandError(error["message"] if error else "The fit was stopped.", exit_code=ABORTED)
    return CommandError(error["message"], code=error["type"]) if error else None
