"""Everything that is known about a run when it is explained: its record, its log and its Actor."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from signal import Signals
from typing import Any

from runtime.base.clock import Millis
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Ending, Run
from runtime.explanations.findings import Certainty, Evidence
from runtime.explanations.output import Output
from runtime.jobs import resource_limits
from runtime.jobs.resource_limits import MBYTE

EXIT_CODE_OF_SIGNAL_0 = 128
"""A shell and an init process report a process that was ended by a signal with this code plus the signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run to explain.

    `actor` is the name by which commands find its Actor, and `folder` the local folder of its source; None if the
    Actor was deleted, or has no such folder. `definition` is the build's actor.json. `granted_cpus` are the cores that
    the run may use now, or might at its end, and `average_cpus` those on average.
    """

    run: Run
    actor: str | None
    folder: str | None
    definition: Mapping[str, Any]
    output: Output
    granted_cpus: float
    average_cpus: float | None
    now: Millis

    @property
    def ending(self) -> Ending:
        return self.run.ending or Ending()

    @property
    def is_live(self) -> bool:
        return not self.run.status.is_terminal

    @property
    def has_failed(self) -> bool:
        return self.run.status is JobStatus.FAILED

    @property
    def memory_bytes(self) -> int:
        """The memory limit."""
        return self.run.options.memory_mbytes * MBYTE

    @property
    def disk_bytes(self) -> int:
        """The disk limit."""
        return self.run.options.disk_mbytes * MBYTE

    def certainty_at(self, position: int) -> Certainty:
        """How much a line of the output proves about the end."""
        is_last = self.has_failed and self.output.is_at_end(position)
        return Certainty.LIKELY if is_last else Certainty.CIRCUMSTANCE

    def exit_evidence(self) -> Evidence:
        return Evidence("exit code", describe_exit_code(self.run.exit_code))

    def peak_evidence(self) -> tuple[Evidence, ...]:
        """The peak of the memory against the limit, if it was measured."""
        peak = self.run.stats.mem_max_bytes
        if peak is None:
            return ()
        share = 100 * peak / self.memory_bytes
        limit = self.run.options.memory_mbytes
        return (Evidence("memory", f"peak {peak / MBYTE:.0f} MB of {limit} MB ({share:.0f} %)"),)

    def cpu_evidence(self) -> tuple[Evidence, ...]:
        """The average use of the CPU against what was granted, if it was measured."""
        average = self.run.stats.cpu_avg_usage
        if average is None or self.average_cpus is None:
            return ()
        granted = 100 * self.average_cpus
        return (Evidence("CPU", f"{average:.1f} % of a core on average; {granted:.1f} % were granted"),)

    def rerun(self, *options: str) -> str:
        """The command that runs the Actor again with the input that the run got, if it got one."""
        if self.run.stats.input_body_len == 0 or (self.folder is None and self.actor is None):
            return self.rerun_without_input(*options)
        read_input = shlex.join(["greenroom", "kvs", "get", self.run.id, self.run.input_key])
        return f"{read_input} | {self.rerun_without_input(*options, '-i', '-')}"

    def rerun_without_input(self, *options: str) -> str:
        """The command that runs the Actor again: from its folder with a new build, else from its last build."""
        if self.folder is not None:
            return shlex.join(["greenroom", "run", self.folder, *options])
        if self.actor is not None:
            return shlex.join(["greenroom", "call", self.actor, *options])
        return self.show_log()

    def rebuild(self) -> str:
        """The command that builds a corrected source and runs it; only a local folder is known to be one."""
        return self.show_log() if self.folder is None else self.rerun()

    def rerun_with_more_memory(self) -> str:
        return self.rerun("--memory", str(min(2 * self.run.options.memory_mbytes, resource_limits.MAX_MEMORY_MBYTES)))

    def show_log(self) -> str:
        return f"greenroom logs {self.run.id}"

    def resurrect(self) -> str:
        return f"greenroom resurrect {self.run.id}"


def describe_exit_code(code: int | None) -> str:
    """An exit code, with the name of the signal if it stands for one."""
    if code is None:
        return "none"
    name = signal_of(code)
    return str(code) if name is None else f"{code}, which stands for {name} (128 + {code - EXIT_CODE_OF_SIGNAL_0})"


def signal_of(code: int | None) -> str | None:
    """The name of the signal that an exit code stands for."""
    try:
        return None if code is None else Signals(code - EXIT_CODE_OF_SIGNAL_0).name
    except ValueError:
        return None


def log_evidence(text: str) -> Evidence:
    """A line of the log as evidence."""
    return Evidence("log", text.strip())
