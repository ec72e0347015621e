"""The parameters in the user name of a proxy connection, such as `groups-SHADER,session-a1,country-US`.

Source: "Proxy usage" in the platform's documentation, and the checks of both SDKs.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

AUTO = "auto"
VALUE = re.compile(r"[\w._~]+", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}(_[A-Z0-9]{1,3})?")
MAX_SESSION_LENGTH = 50


class InvalidUsername(Exception):
    """The user name is not valid. The message is for the client."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """`country` may include a subdivision, as in `US_CA`. Without groups, the proxy selects them."""

    username: str
    groups: tuple[str, ...] = ()
    session: str | None = None
    country: str | None = None

    @property
    def group(self) -> str:
        """The group that the request uses and is counted for: the first one."""
        return self.groups[0] if self.groups else AUTO


def parse_username(username: str, available: Collection[str]) -> Parameters:
    """Parse a user name. `available` are the groups that exist. Raises InvalidUsername."""
    given: dict[str, str] = {}
    for part in username.split(","):
        name, _, value = part.partition("-")
        if part == AUTO:
            continue
        if name not in ("groups", "session", "country"):
            raise InvalidUsername(f'Invalid username: unknown parameter "{part}".')
        if name in given:
            raise InvalidUsername(f'Invalid username: parameter "{name}" is given twice.')
        given[name] = value
    return Parameters(username, _groups(given.get("groups"), available), _session(given), _country(given))


def _groups(text: str | None, available: Collection[str]) -> tuple[str, ...]:
    groups = () if text is None else tuple(text.split("+"))
    for group in groups:
        if group not in available:
            raise InvalidUsername(f'Invalid username: proxy group "{group}" not found or not accessible.')
    return groups


def _session(given: dict[str, str]) -> str | None:
    session = given.get("session")
    if session is not None and (not VALUE.fullmatch(session) or len(session) > MAX_SESSION_LENGTH):
        raise InvalidUsername(
            'Invalid username: parameter "session" must have 1 to 50 characters: 0-9, a-z, A-Z, ".", "_" and "~".'
        )
    return session


def _country(given: dict[str, str]) -> str | None:
    country = given.get("country")
    if country is not None and not COUNTRY.fullmatch(country):
        raise InvalidUsername('Invalid username: parameter "country" must be a two-letter country code, such as "US".')
    return country
