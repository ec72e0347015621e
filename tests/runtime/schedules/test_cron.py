"""Times of cron expressions. `tests/clients/test_cron.py` compares many more with an independent library."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from runtime.base.clock import iso
from runtime.base.errors import Invalid
from runtime.schedules.cron import MAX_LENGTH, Cron

TIMEZONES_OF_THE_CLIENT = (
    Path(__file__).parents[2] / "clients" / "node_modules" / "apify-client" / "dist" / "timezones.d.ts"
)


def times(expression: str, zone: str, after: str, count: int) -> list[str]:
    """The first times after a moment, in UTC, without the date if it is that of the moment."""
    cron, at, found = Cron(expression, zone), round(datetime.fromisoformat(after).timestamp() * 1000), list[str]()
    for _ in range(count):
        following = cron.next_after(at)
        assert following is not None
        at = following
        found.append(iso(at)[:19].removeprefix(after[:11]))
    return found


@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        ("30 2 * * *", "America/New_York", ["07:30:00", "2025-03-10T06:30:00"]),
        ("15,45 1-3 * * *", "America/New_York", ["06:15:00", "06:45:00", "07:15:00", "07:45:00"]),
        ("0 */2 * * *", "America/New_York", ["07:00:00", "08:00:00", "10:00:00"]),
        ("*/30 * * * *", "America/New_York", ["06:30:00", "07:00:00", "07:30:00"]),
        ("0 0 2 * * *", "America/New_York", ["07:00:00", "2025-03-10T06:00:00"]),
    ],
)
def test_times_that_daylight_saving_time_skips_are_moved_forward(
    expression: str, zone: str, expected: list[str]
) -> None:
    """On 9 March 2025, clocks in New York were set from 02:00 to 03:00, at 07:00 UTC."""
    assert times(expression, zone, "2025-03-09T06:05:00+00:00", len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        ("30 1 * * *", "America/New_York", ["05:30:00", "2025-11-03T06:30:00"]),
        ("15 1-3 * * *", "America/New_York", ["05:15:00", "07:15:00", "08:15:00"]),
        ("*/30 * * * *", "America/New_York", ["05:30:00", "06:00:00", "06:30:00", "07:00:00"]),
        ("@hourly", "America/New_York", ["06:00:00", "07:00:00"]),
    ],
)
def test_times_that_occur_twice_count_once_unless_the_expression_has_every_hour(
    expression: str, zone: str, expected: list[str]
) -> None:
    """On 2 November 2025, clocks in New York were set from 02:00 to 01:00, at 06:00 UTC."""
    assert times(expression, zone, "2025-11-02T05:05:00+00:00", len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T12:00:00+00:00", "15:45:00"),  # by half an hour
        ("0 0 * * *", "America/Havana", "2025-11-02T02:00:00+00:00", "04:00:00"),  # from 01:00 to 00:00
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-30T02:00:00+00:00", "22:00:00"),  # this day did not exist
        ("0 0 * * *", "Africa/Cairo", "2025-04-24T20:00:00+00:00", "22:00:00"),  # from 00:00 to 01:00
    ],
)
def test_unusual_changes_of_clocks(expression: str, zone: str, after: str, expected: str) -> None:
    """In the first two cases, `cron-parser` differs: it skips the run, or takes the second midnight."""
    assert times(expression, zone, after, 1) == [expected]


def test_an_expression_without_another_time_has_none() -> None:
    assert Cron("0 0 1 1 *", "UTC").next_after(253_402_300_799_000) is None


@pytest.mark.parametrize(
    "expression", ["* * * *", "60 * * * *", "0 0 31 2 *", "0 0 L * *", "\ud800 * * * *", "٣ * * * *"]
)
def test_invalid_expressions_are_rejected(expression: str) -> None:
    with pytest.raises(Invalid, match="Cron expression") as rejection:
        Cron(expression, "UTC")
    assert rejection.value.slug == "cron-expression-invalid"


def test_a_long_expression_is_rejected_before_it_is_parsed() -> None:
    with pytest.raises(Invalid, match="not valid") as rejection:
        Cron("1," * 5_000_000 + "1 * * * *", "UTC")
    assert len(rejection.value.message) < 2 * MAX_LENGTH
    every = ",".join(map(str, range(60)))
    assert Cron(f"{every} {every} * * * *", "UTC").next_after(0) == 1000


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/etc/passwd", "../x", "America", "Europe/Atlantis", "a\0b", "\ud800", "x" * 9999]
)
def test_invalid_time_zones_are_rejected(name: str) -> None:
    with pytest.raises(Invalid, match="Time zone"):
        Cron("@daily", name)


@pytest.mark.skipif(not TIMEZONES_OF_THE_CLIENT.exists(), reason="the JavaScript client is not installed")
def test_all_time_zones_of_the_client_exist() -> None:
    names = set(re.findall(r"['\"]([A-Za-z]+(?:/[\w+-]+)*)['\"]", TIMEZONES_OF_THE_CLIENT.read_text()))
    assert len(names) > 400
    assert names <= available_timezones()
