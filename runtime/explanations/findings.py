"""What an explanation consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

C = TypeVar("C")


class Certainty(StrEnum):
    """How sure a finding is. The order is that of the findings in an explanation."""

    CERTAIN = "certain"  # records, counters or the exit code prove it
    LIKELY = "likely"  # the Actor's last output names it
    CIRCUMSTANCE = "circumstance"  # it is true, but it may have nothing to do with the end


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quoted line or a number, and its source."""

    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause that was found. `command` is the next command to type, if there is one."""

    certainty: Certainty
    sentence: str
    evidence: tuple[Evidence, ...]
    advice: str = ""
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Generic[C]):
    """A row of a table of causes: what is recognized, from which evidence, and the function that recognizes it.

    `rank` is the certainty among which its findings are sorted, if that is not their own.
    """

    id: str
    recognizes: str
    evidence: str
    find: Callable[[C], Finding | None]
    rank: Certainty | None = None


@dataclass(frozen=True, slots=True)
class FoundCause:
    id: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a run or build ended, or what limits a live run.

    `summary` is one sentence. `facts` are numbers that are shown even if they explain nothing. `command` is the next
    command to type. `last_lines` are the last lines of the log.
    """

    id: str
    kind: str
    status: str
    is_live: bool
    exit_code: int | None
    summary: str
    command: str
    causes: tuple[FoundCause, ...] = ()
    facts: tuple[Evidence, ...] = ()
    last_lines: tuple[str, ...] = field(default=())


def find_causes(table: tuple[Cause[C], ...], case: C) -> tuple[FoundCause, ...]:
    """The causes of the table that apply, the strongest first. Equally certain ones are in the order of the table."""
    found = [(cause, finding) for cause in table if (finding := cause.find(case)) is not None]
    order = list(Certainty)
    found.sort(key=lambda each: order.index(each[0].rank or each[1].certainty))
    return tuple(FoundCause(cause.id, finding) for cause, finding in found)
