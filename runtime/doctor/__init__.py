"""Examines what Greenroom needs, without a server: the engine may be what is broken.

`engine.py` examines the engine. The command adds checks of this host, and prints all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """SKIP: not checked, for the reason that the check reports."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: what was found, and what to do about it."""

    name: str
    verdict: Verdict
    found: str
    fix: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, Verdict.OK, found)


def warn(name: str, found: str, fix: str) -> Check:
    return Check(name, Verdict.WARN, found, fix)


def fail(name: str, found: str, fix: str) -> Check:
    return Check(name, Verdict.FAIL, found, fix)


def skip(name: str, reason: str) -> Check:
    return Check(name, Verdict.SKIP, f"not checked: {reason}")
