"""Examines what Greenroom needs, without a server: the engine may be what is broken.

`engine.py` examines the engine, `host.py` this host. The command adds checks of its terminal. `examination.py` makes
the checks for the server's API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """SKIP: not checked, for the reason that the check reports."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


class Area(StrEnum):
    """What a check is about."""

    ENGINE = "engine"
    HOST = "host"
    CLIENTS = "clients"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: what was found, and what to do about it."""

    name: str
    verdict: Verdict
    found: str
    fix: str = ""
    area: Area = Area.ENGINE


def in_area(area: Area, checks: Iterable[Check]) -> Iterator[Check]:
    """Yield the checks with this area."""
    return (replace(check, area=area) for check in checks)


def is_ok(checks: Iterable[Check]) -> bool:
    return all(check.verdict is not Verdict.FAIL for check in checks)


def ok(name: str, found: str) -> Check:
    return Check(name, Verdict.OK, found)


def warn(name: str, found: str, fix: str) -> Check:
    return Check(name, Verdict.WARN, found, fix)


def fail(name: str, found: str, fix: str) -> Check:
    return Check(name, Verdict.FAIL, found, fix)


def skip(name: str, reason: str) -> Check:
    return Check(name, Verdict.SKIP, f"not checked: {reason}")
