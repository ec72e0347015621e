"""What can go wrong, as data: a class per kind, the platform's slug, and a message that says what to do next.

HTTP is one translation of these, made in `api/errors.py`. Slugs: the error table of Apify's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class GreenroomError(Exception):
    """Base of all errors a caller may see. `data` is the optional third field of the platform's error object."""

    def __init__(self, slug: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.data = data


class Invalid(GreenroomError):
    """The request itself is wrong: a parameter, a body, a name."""


class Unauthorized(GreenroomError):
    """No token where one is needed, or one that is not valid."""


class LimitReached(GreenroomError):
    """The user's memory or usage limit does not allow this (the platform's 402)."""


class Forbidden(GreenroomError):
    """The token is valid but may not do this."""


class NotFound(GreenroomError):
    """No such record for this user."""


class MethodNotAllowed(GreenroomError):
    """The address exists, with other methods."""


class RunTooSlow(GreenroomError):
    """A synchronous call whose run did not finish in time; the run goes on."""


class Conflict(GreenroomError):
    """Something with this name exists already."""


class TooLarge(GreenroomError):
    """The body exceeds the platform's limit."""


class UnsupportedEncoding(GreenroomError):
    """The body's Content-Encoding is not one the platform reads."""


class TooManyRequests(GreenroomError):
    """The configured rate limit is exceeded."""


class EngineError(GreenroomError):
    """The Docker engine is not there, or refused something Greenroom needs."""


class BadGateway(GreenroomError):
    """A run's web server cannot be reached, or gives no valid answer."""


def record_not_found(what: str, name: str) -> NotFound:
    """The one 404 that clients turn into "nothing": any other slug makes them raise (apify-client, both languages)."""
    return NotFound("record-not-found", f"{what} '{name}' was not found")
