"""The errors that a caller can receive: a class per category, the platform's slug, and a message with advice.

`api/response/errors.py` translates them to HTTP. Source of the slugs: the error table of Apify's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class GreenroomError(Exception):
    """The base class of these errors. `data` is the optional third field of the platform's error object."""

    def __init__(self, slug: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.data = data

    def __reduce__(self) -> tuple[type[GreenroomError], tuple[str, str, Mapping[str, Any] | None]]:
        """How an error of a helper process is pickled."""
        return type(self), (self.slug, self.message, self.data)


class Invalid(GreenroomError):
    """The request is invalid: a parameter, a body, a name."""


class Unauthorized(GreenroomError):
    """The token is missing or not valid."""


class LimitReached(GreenroomError):
    """The user's memory or usage limit does not allow this (the platform's 402)."""


class Forbidden(GreenroomError):
    """The token is valid, but does not permit this."""


class NotFound(GreenroomError):
    """The record does not exist for this user."""


class MethodNotAllowed(GreenroomError):
    """The path exists, but only with other methods: those in `allowed`."""

    def __init__(self, slug: str, message: str, allowed: Sequence[str]) -> None:
        super().__init__(slug, message)
        self.allowed = allowed


class RunTooSlow(GreenroomError):
    """The run of a synchronous request did not finish in time. The run continues."""


class Conflict(GreenroomError):
    """A record with this name already exists."""


class TooLarge(GreenroomError):
    """The body exceeds the platform's limit."""


class UriTooLong(GreenroomError):
    """The path and the query exceed the limit."""


class UnsupportedEncoding(GreenroomError):
    """The platform does not support the body's Content-Encoding."""


class TooManyRequests(GreenroomError):
    """The configured rate limit is exceeded."""


class EngineError(GreenroomError):
    """The Docker engine is not available, or rejected a request that Greenroom depends on."""


class BadGateway(GreenroomError):
    """A run's web server cannot be reached, or its response is not valid."""


class Unavailable(GreenroomError):
    """What should serve the request has ended, or ends. A repeated request may succeed."""


class GatewayTimeout(GreenroomError):
    """A run was not ready, or its web server did not respond, in time."""


class StorageUnavailable(GreenroomError):
    """The data directory cannot be written or read now: its disk is full, over quota, read-only or faulty."""


class StorageDamaged(GreenroomError):
    """A file of the data directory is damaged or missing. Only its owner can repair it."""


def too_many(slug: str, what: str, most: int) -> Forbidden:
    """Return the error for one more record of a kind than the user's plan allows."""
    return Forbidden(slug, f"You can have at most {most} {what}. Delete one first, or start the server without --plan.")


def record_not_found(what: str, name: str) -> NotFound:
    """Return the 404 error that clients translate to "no record". With another slug they raise (apify-client 3)."""
    return NotFound("record-not-found", f"{what} '{name}' was not found")
