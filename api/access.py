"""Who is calling: a user, or a run with the token it was born with."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request

from runtime.errors import Unauthorized
from runtime.records import Run, User


@dataclass(frozen=True, slots=True)
class Caller:
    """`run` is set where the token is a run's own; it acts for the user who started the run."""

    user: User
    run: Run | None = None


def token_of(connection: HTTPConnection) -> str | None:
    """The token of a request: `Authorization: Bearer`, else `?token=`."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return connection.query_params.get("token") or None


def maybe_caller(request: Request) -> Caller | None:
    """Who is calling, where the platform answers without a token too."""
    caller: Caller | None = request.scope["greenroom.caller"]
    return caller


def caller_of(request: Request) -> Caller:
    """Who is calling. Raises Unauthorized where no token was given."""
    caller = maybe_caller(request)
    if caller is None:
        raise Unauthorized("token-not-provided", "Authentication token was not provided.")
    return caller
