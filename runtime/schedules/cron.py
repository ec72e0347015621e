"""Cron expressions in a time zone: when a schedule runs.

Syntax: https://docs.apify.com/platform/schedules. The platform does not document what a change to or from daylight
saving time does to a schedule. Greenroom does what the JavaScript library `cron-parser` does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from runtime.base.clock import Millis, millis_of
from runtime.base.errors import Invalid

SHORTCUTS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MAX_LENGTH = 1000
"""A list of all values of every field is shorter."""
VALUE = "(?:[0-9]+|[A-Z]{3})"
TERM = re.compile(rf"(?:\*|{VALUE}(?:-{VALUE})?)(?:/[0-9]+)?")
RANGE_OF_ONE = re.compile(rf"\b({VALUE})-\1/[0-9]+\b")
LONGEST_CHANGE = timedelta(days=1)
"""The largest change of a zone's offset: a country that moves to the other side of the date line."""


class Cron:
    """The times of a cron expression in a time zone. Raises Invalid if one of the two is not valid."""

    def __init__(self, expression: str, timezone: str) -> None:
        self._zone = find_zone(timezone)
        self._fields = _parse(expression)
        self._is_every_hour = len(self._times(datetime(2000, 1, 1)).hours) == len(range(24))

    def next_after(self, moment: Millis) -> Millis | None:
        """The first time after a moment, or None if no time within 50 years matches."""
        after = datetime.fromtimestamp(moment // 1000, UTC).astimezone(self._zone)
        try:
            at = next(self._times(after)) if self._is_every_hour else self._next_of_some_hours(after)
        except (StopIteration, OverflowError):
            return None
        return millis_of(at)

    def _next_of_some_hours(self, after: datetime) -> datetime:
        """The first time after a moment, for an expression that names hours.

        A time that the change to daylight saving time skips is moved forward by the length of the change. A time that
        occurs twice counts once: the first time.
        """
        offset_before = (after.astimezone(UTC) - LONGEST_CHANGE).astimezone(self._zone).utcoffset()
        offsets = (after.utcoffset() or timedelta(), offset_before or timedelta())
        first = after.astimezone(UTC).replace(tzinfo=None) + min(offsets)
        return next(at for local in self._times(first) if (at := self._instant(local)) > after.astimezone(UTC))

    def _instant(self, local: datetime) -> datetime:
        """When clocks of the zone show this time. With fold 0, Python applies both rules above."""
        return local.replace(tzinfo=self._zone, fold=0).astimezone(UTC)

    def _times(self, after: datetime) -> CronSim:
        """The times after `after`. In a time zone, these are all moments at which its clocks show a matching time."""
        return CronSim(self._fields, after)


@lru_cache(maxsize=1000)
def cron(expression: str, timezone: str) -> Cron:
    """The same as Cron, remembered. Raises Invalid."""
    return Cron(expression, timezone)


def find_zone(name: str) -> ZoneInfo:
    """A time zone of the IANA database. Raises Invalid."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as problem:
        raise Invalid(
            "invalid-value",
            f"Time zone '{name[:MAX_LENGTH]}' is not valid. Use a name of the IANA database, for example Europe/Prague",
        ) from problem


def _parse(expression: str) -> str:
    """The expression with six fields, as CronSim understands it. Raises Invalid."""
    fields = SHORTCUTS.get(expression.strip(), expression[: MAX_LENGTH + 1].upper()).split()
    if len(expression) > MAX_LENGTH or len(fields) not in (5, 6) or not all(map(_is_field, fields)):
        raise _invalid(expression, f"use 5 or 6 fields, or one of {', '.join(SHORTCUTS)}")
    fields = [RANGE_OF_ONE.sub(r"\1", each) for each in fields]  # CronSim would take it for a range without an end
    # CronSim requires a day to match both fields if one of them starts with a star, as Debian's cron does. On the
    # platform, this only applies to a star alone. In all other cases, one matching field is enough.
    *times, days, months, weekdays = fields if len(fields) == 6 else ["0", *fields]
    normal = " ".join([*times, _without_star(days, "1-31"), months, _without_star(weekdays, "0-7")])
    try:
        CronSim(normal, datetime(2000, 1, 1))
    except CronSimError as problem:
        raise _invalid(expression, str(problem)) from problem
    return normal


def _is_field(text: str) -> bool:
    """Whether a field only uses the characters that the platform documents: numbers, names, `,`, `-`, `*` and `/`."""
    return all(TERM.fullmatch(term) for term in text.split(","))


def _without_star(field: str, values: str) -> str:
    return field if field == "*" else field.replace("*", values)


def _invalid(expression: str, problem: str) -> Invalid:
    return Invalid("cron-expression-invalid", f"Cron expression '{expression[:MAX_LENGTH]}' is not valid: {problem}")
