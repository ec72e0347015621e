"""The times of schedules, compared with an independent library: `cron-parser` for JavaScript.

With GREENROOM_CRON_TABLE=1 (`make cron`), 200 lines are compared in 12 zones over two years, which takes minutes.
Otherwise a sample of the lines is compared around the changes of the clocks.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from runtime.base.clock import Millis
from runtime.base.errors import Invalid
from runtime.schedules.cron import SHORTCUTS, Cron
from tests.clients.node_script import NodeScript
from tests.examples import some

pytestmark = pytest.mark.processes

ZONES = (
    "UTC",
    "Europe/Prague",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""Changes in both hemispheres, at night and at midnight, offsets of half hours, and zones without changes."""
LINES = (
    *SHORTCUTS,
    *("* * * * *", "*/5 * * * *", "0,30 * * * *", "15 * * * *", "*/7 * * * *", "59 23 * * *", "0 0 * * *"),
    *("30 0 * * *", "0 1 * * *", "30 1 * * *", "0 2 * * *", "30 2 * * *", "59 2 * * *", "0 3 * * *", "30 3 * * *"),
    *("0 */2 * * *", "0 1-23/2 * * *", "15 1-3 * * *", "*/20 2 * * *", "*/30 1-3 * * *", "0 0,12 * * *"),
    *("0 9-17 * * 1-5", "0 8 * * MON-FRI", "0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 2 * * SUN", "0 12 * * 5-7"),
    *("0 0 1 * *", "0 0 31 * *", "0 0 29 2 *", "0 0 1 1 *", "0 3 1 */2 *", "0 0 1 JAN,jul *", "0 0 15 6-8 *"),
    *("0 0 13 * 5", "0 0 */2 * 5", "0 0 1-7 * 1", "0 0 1,15 * WED", "0 0 * * */2", "0 0 10 * */3", "0 0 5/10 * *"),
    *("30 5 16 * * 1", "0 0 0 * * *", "15 30 2 * * *", "*/30 59 1 * * *", "0 */15 2-3 * * *", "45 0 0 1 * *"),
)
COUNT = 200
IS_COMPLETE = os.environ.get("GREENROOM_CRON_TABLE") == "1"
SAMPLE_STEP = 23
BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
DAYS = (END - BEGIN).days
MOST_TIMES = 800
AROUND = timedelta(hours=6)
INVALID = (
    *("", "* * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8"),
    *("*/0 * * * *", "5-1 * * * *", "1,,2 * * * *", "1- * * * *", "a * * * *", "0 0 * FOO *", "0 0 * * SAT-SUN"),
    *(
        "0 0 31 2 *",
        "0 0 30 feb *",
        "0 0 31 4,6 *",
        "@reboot",
        "@midnight",
        "@YEARLY",
        "@",
        "-1 * * * *",
        "1.5 * * * *",
    ),
)
NOT_DOCUMENTED = ("@minutely", "@weekdays", "0 0 L * *", "0 0 * * 5L", "0 0 * * 1#2", "0 0 ? * *", "H 0 * * *")
"""Expressions of the library that the platform does not document."""


def generated_lines() -> list[str]:
    """The lines above, and random ones. The random ones run at most every few minutes."""
    chance = random.Random(1)
    lines = list(dict.fromkeys(LINES))
    while len(lines) < COUNT:
        minute = chance.choice([_values(chance, 0, 59), str(chance.randrange(60))])
        hour = chance.choice(["*", _values(chance, 0, 23), str(chance.randrange(4))])
        day = chance.choice(["*", "*", _values(chance, 1, 28)])
        month = chance.choice(["*", "*", _values(chance, 1, 12)])
        weekday = chance.choice(["*", "*", _values(chance, 0, 6)])
        second = f"{chance.randrange(60)} " if chance.random() < 0.2 else ""
        lines.append(f"{second}{minute} {hour} {day} {month} {weekday}")
    return lines


def _values(chance: random.Random, least: int, most: int) -> str:
    first = chance.randint(least, most)
    last = chance.randint(first, most)
    return chance.choice([str(first), f"{first}-{last}", f"{first}-{last}/2", f"*/{chance.randint(2, 9)}"])


def periods(zone: str, line: str) -> list[tuple[Millis, Millis]]:
    """The whole two years, or only the days around each change of the clocks if that would take too long."""
    changes = [(at - AROUND, at + AROUND) for at in clock_changes(zone)] or [(BEGIN, BEGIN + AROUND)]
    sample = [(millis(BEGIN), millis(BEGIN + AROUND))]
    is_sparse = IS_COMPLETE and len(times(line, zone, sample)) * DAYS <= MOST_TIMES
    return [(millis(begin), millis(end)) for begin, end in ([(BEGIN, END)] if is_sparse else changes)]


@cache
def clock_changes(zone: str) -> list[datetime]:
    hours = [BEGIN + timedelta(hours=hour) for hour in range((END - BEGIN) // timedelta(hours=1))]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [hours[index] for index in range(1, len(hours)) if offsets[index] != offsets[index - 1]]


def millis(at: datetime) -> Millis:
    return round(at.timestamp() * 1000)


def times(line: str, zone: str, of: list[tuple[Millis, Millis]]) -> list[Millis]:
    cron, found = Cron(line, zone), []
    for begin, end in of:
        at = cron.next_after(begin)
        while at is not None and at <= end:
            found.append(at)
            at = cron.next_after(at)
    return found


def is_valid(line: str) -> bool:
    try:
        Cron(line, "UTC")
    except Invalid:
        return False
    return True


@pytest.fixture(scope="module")
def library() -> Iterator[NodeScript]:
    script = NodeScript("cron.mjs")
    yield script
    script.close()


@pytest.mark.parametrize("zone", some(ZONES))
def test_two_years_of_times_are_those_of_another_library(library: NodeScript, zone: str) -> None:
    lines = generated_lines()[:: 1 if IS_COMPLETE else SAMPLE_STEP]
    cases = [(line, zone, periods(zone, line)) for line in lines]
    expected = library.respond(cases)
    differing = [
        (line, zone, sorted({*found} ^ {*others})[:3])
        for (line, _, of), others in zip(cases, expected, strict=True)
        if (found := times(line, zone, of)) != others
    ]
    assert not differing


def test_the_same_expressions_are_invalid(library: NodeScript) -> None:
    found = library.respond([(line, "UTC", [(0, 0)]) for line in (*INVALID, *NOT_DOCUMENTED)])
    valid = [line for line, times in zip((*INVALID, *NOT_DOCUMENTED), found, strict=True) if times is not None]
    assert set(valid) - {"", "* * * *"} == {*NOT_DOCUMENTED}  # the library adds missing fields
    assert not [line for line in (*INVALID, *NOT_DOCUMENTED) if is_valid(line)]
