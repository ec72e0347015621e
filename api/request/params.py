"""The query parameters of a request, as Apify's clients write them.

Booleans arrive as 1/0 or true/false, lists comma-joined or repeated, and an empty value means "not given" (apify-client
of several generations). Unknown parameters are ignored, as the platform ignores them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from runtime.base.errors import Invalid
from runtime.base.paging import Paging

MAX_PAGE = 1000
MAX_WAIT_SECS = 60
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that JavaScript's numbers hold exactly."""
TRUE = frozenset({"1", "true"})
FALSE = frozenset({"0", "false"})


class Params:
    """The query of one request. Methods return None for an absent or empty parameter. All raise Invalid."""

    def __init__(self, request: Request) -> None:
        self._query = request.query_params

    def text(self, name: str) -> str | None:
        return self._query.get(name) or None

    def flag(self, name: str) -> bool | None:
        given = self.text(name)
        if given is None:
            return None
        if given.lower() in TRUE:
            return True
        if given.lower() in FALSE:
            return False
        raise Invalid("invalid-parameter", f"Query parameter '{name}' must be true or false, not '{given}'")

    def number(self, name: str, *, minimum: float = 0) -> float | None:
        given = self.text(name)
        if given is None:
            return None
        try:
            number = float(given)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise Invalid("invalid-parameter", f"Query parameter '{name}' must be a number, not '{given}'")
        if number < minimum:
            raise Invalid("invalid-parameter", f"Query parameter '{name}' must be at least {minimum:g}, not {given}")
        return number

    def integer(self, name: str, *, minimum: int = 0) -> int | None:
        """An integer. Clients may write it as a float, such as 5.0."""
        number = self.number(name, minimum=minimum)
        if number is None:
            return None
        if number != int(number):
            raise Invalid("invalid-parameter", f"Query parameter '{name}' must be a whole number, not {number:g}")
        if number > MAX_SAFE_INTEGER:
            raise Invalid("invalid-parameter", f"Query parameter '{name}' must be at most {MAX_SAFE_INTEGER}")
        return int(number)

    def texts(self, name: str) -> list[str]:
        """A list written as `a,b`, as a repeated parameter, or as both; empty if the parameter is absent."""
        return [part for value in self._query.getlist(name) for part in value.split(",") if part]

    def choice(self, name: str, options: Iterable[str]) -> str | None:
        """One of the options."""
        given = self.text(name)
        return None if given is None else _checked(name, given, options)

    def choices(self, name: str, options: Iterable[str]) -> list[str]:
        """Any of the options, written as `texts`."""
        return [_checked(name, given, options) for given in self.texts(name)]

    def wait_secs(self) -> float:
        """`waitForFinish`, limited as on the platform: clients send 999999, and older ones negative numbers."""
        given = self.number("waitForFinish", minimum=-math.inf)
        return min(max(given or 0.0, 0.0), MAX_WAIT_SECS)

    def paging(self) -> Paging:
        """Offset, limit and direction of a list of records. A limit that is absent, 0 or above 1000 means 1000."""
        limit = self.integer("limit") or MAX_PAGE
        return Paging(self.integer("offset") or 0, min(limit, MAX_PAGE), self.flag("desc") or False)


def _checked(name: str, given: str, options: Iterable[str]) -> str:
    known = list(options)
    if given not in known:
        message = f"Query parameter '{name}' must be one of {', '.join(known)}, not '{given}'"
        raise Invalid("invalid-parameter", message)
    return given


async def _paging(request: Request) -> Paging:
    return Params(request).paging()


PagingQuery = Annotated[Paging, Depends(_paging)]
