"""Faults that tests order: the proxy lets the next matching requests fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What happens to a request: the target refuses the connection, it is delayed, or the proxy returns a status."""

    REFUSED = "refused"
    SLOW = "slow"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`count` requests get it. `group` and `host` restrict it to requests of a group, or to a host name."""

    kind: FaultKind
    count: int = 1
    group: str | None = None
    host: str | None = None
    status: int = 403
    delay_secs: float = 5.0

    def matches(self, group: str, host: str) -> bool:
        return self.group in (None, group) and self.host in (None, host)


class Faults:
    """The ordered faults, the oldest first. `changes` counts how often they changed."""

    def __init__(self) -> None:
        self.changes = 0
        self.ordered: tuple[Fault, ...] = ()

    def set(self, faults: tuple[Fault, ...]) -> None:
        self.ordered = faults
        self.changes += 1

    def take(self, group: str, host: str) -> Fault | None:
        """The fault that this request gets, which then has one request less to come."""
        for index, fault in enumerate(self.ordered):
            if fault.matches(group, host):
                left = (replace(fault, count=fault.count - 1),) if fault.count > 1 else ()
                self.set((*self.ordered[:index], *left, *self.ordered[index + 1 :]))
                return fault
        return None
