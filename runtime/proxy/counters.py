"""Counts what each run sends through the proxy, by group, until the next report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields

from runtime.base.records import ProxyUse

COUNTERS = tuple(each.name for each in fields(ProxyUse))
MAX_SESSIONS = 100_000
"""The most sessions of a run in a group that are counted: each needs memory."""


@dataclass(slots=True)
class Use:
    """What one run has used of one group since the last report. The counters are those of ProxyUse."""

    requests: int = 0
    sessions: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    client_bytes: int = 0
    serps: int = 0
    known_sessions: set[int] = field(default_factory=set)

    def count_session(self, session: str | None) -> None:
        if session is not None and len(self.known_sessions) < MAX_SESSIONS:
            before = len(self.known_sessions)
            self.known_sessions.add(hash(session))
            self.sessions += len(self.known_sessions) - before

    def take(self) -> ProxyUse | None:
        """Return and reset the counters; None if nothing was used."""
        used = ProxyUse(**{name: getattr(self, name) for name in COUNTERS})
        for name in COUNTERS:
            setattr(self, name, 0)
        return None if used == ProxyUse() else used


class Counters:
    """The counters of all runs. Traffic outside of runs is not counted."""

    def __init__(self) -> None:
        self._runs: defaultdict[str, defaultdict[str, Use]] = defaultdict(lambda: defaultdict(Use))

    def of(self, run_id: str | None, group: str) -> Use:
        return Use() if run_id is None else self._runs[run_id][group]

    def take(self) -> dict[str, dict[str, ProxyUse]]:
        """Return and reset everything that was counted since the last call."""
        taken: dict[str, dict[str, ProxyUse]] = {}
        for run_id, groups in self._runs.items():
            used = {group: each for group, use in groups.items() if (each := use.take()) is not None}
            if used:
                taken[run_id] = used
        return taken

    def drop(self, run_id: str) -> None:
        """Forget a run after its last report."""
        self._runs.pop(run_id, None)
