"""Causes that the kernel's counters, the exit code and V8's own message show: too little memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runtime.base.lifecycle import JobStatus
from runtime.base.records import KilledProcess
from runtime.explanations.case import Case, log_evidence
from runtime.explanations.findings import Certainty, Evidence, Finding
from runtime.jobs.resource_limits import MAX_MEMORY_MBYTES, MBYTE
from runtime.runs.messages import SIGABRT_EXIT_CODE, SIGKILL_EXIT_CODE

HEAP_LIMIT = re.compile(r"FATAL ERROR: .*(?:JavaScript heap out of memory|Allocation failed)")
NEAR_LIMIT = 0.9
HEAP_SHARE = 0.75
"""The share of the memory that a heap can have: the rest of the process needs memory too."""


def memory_limit(case: Case) -> Finding | None:
    """The run failed with the exit code of SIGKILL, and the kernel killed a process for its memory."""
    run = case.run
    if not case.has_failed or not case.ending.oom_killed or run.exit_code != SIGKILL_EXIT_CODE:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence=f"The kernel killed {_victims(case)} because the run reached its memory limit of "
        f"{run.options.memory_mbytes} MB.",
        evidence=(*_kill_evidence(case), case.exit_evidence(), *case.peak_evidence()),
        advice=_more_memory(case),
        command=case.rerun_with_more_memory(),
    )


def memory_limit_in_child(case: Case) -> Finding | None:
    """The kernel killed a process for its memory, but the Actor went on and ended in another way."""
    if not case.ending.oom_killed or (case.has_failed and case.run.exit_code == SIGKILL_EXIT_CODE):
        return None
    return Finding(
        certainty=Certainty.LIKELY if case.has_failed else Certainty.CIRCUMSTANCE,
        sentence=f"The kernel killed {_victims(case)} because the run reached its memory limit of "
        f"{case.run.options.memory_mbytes} MB. The Actor continued without it.",
        evidence=(*_kill_evidence(case), case.exit_evidence(), *case.peak_evidence()),
        advice=_more_memory(case),
        command=case.rerun_with_more_memory(),
    )


def heap_limit(case: Case) -> Finding | None:
    """V8 aborted at the limit of its own heap, which may be far below the memory of the run."""
    found = case.output.last_match([HEAP_LIMIT])
    if found is None or not case.has_failed:
        return None
    position, match = found
    is_abort = case.run.exit_code == SIGABRT_EXIT_CODE
    return Finding(
        certainty=Certainty.CERTAIN if is_abort else case.certainty_at(position),
        sentence="The JavaScript heap reached the limit of V8. That is not the memory limit of the run, which is "
        f"{case.run.options.memory_mbytes} MB.",
        evidence=(log_evidence(match.string), case.exit_evidence(), *case.peak_evidence()),
        advice="Raise --max-old-space-size, in NODE_OPTIONS or on node's command line. If it is not set, the heap "
        "limit follows the memory of the run: use more memory.",
        command=_larger_heap(case),
    )


def almost_no_memory(case: Case) -> Finding | None:
    """The run was near its memory limit, and no process was killed."""
    peak = case.run.stats.mem_max_bytes
    if case.is_live or case.run.status is JobStatus.SUCCEEDED or peak is None:
        return None
    if case.run.ending is None or case.ending.oom_killed or peak < NEAR_LIMIT * case.memory_bytes:
        return None
    return Finding(
        certainty=Certainty.CIRCUMSTANCE,
        sentence="The run used almost all of its memory. Near the limit, programs become slow.",
        evidence=case.peak_evidence(),
        advice=_more_memory(case),
        command=case.rerun_with_more_memory(),
    )


def _larger_heap(case: Case) -> str:
    """A larger heap if the run has memory left for it, otherwise more memory."""
    peak = case.run.stats.mem_max_bytes
    if peak is None or peak > HEAP_SHARE * case.memory_bytes:
        return case.rerun_with_more_memory()
    mbytes = round(HEAP_SHARE * case.run.options.memory_mbytes)
    return case.rerun("--env", f"NODE_OPTIONS=--max-old-space-size={mbytes}")


def _victims(case: Case) -> str:
    """The killed processes, or a neutral word if it is not recorded which they were."""
    names = sorted({process.name for process in case.ending.killed})
    if not names:
        return "a process of the Actor"
    return f"the process {names[0]}" if len(names) == 1 else f"the processes {', '.join(names)}"


def _kill_evidence(case: Case) -> Iterator[Evidence]:
    ending = case.ending
    if ending.oom_kills:
        yield Evidence("cgroup", f"oom_kill {ending.oom_kills}")
    else:
        yield Evidence("Docker", "OOMKilled: true")
    yield from (Evidence(process.witness, _shown(process)) for process in ending.killed)
    if not ending.killed:
        yield Evidence("process", "not recorded: neither the kernel log nor the process list shows which one")


def _shown(process: KilledProcess) -> str:
    memory = "" if process.memory_bytes is None else f", {process.memory_bytes / MBYTE:.0f} MB of its own"
    return f"killed {process.name} (pid {process.pid} of this machine{memory})"


def _more_memory(case: Case) -> str:
    if case.run.options.memory_mbytes >= MAX_MEMORY_MBYTES:
        return "It already has the largest memory size. Make the Actor use less memory."
    return "Run it with more memory, or make the Actor use less."
