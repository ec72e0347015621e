"""Who is calling: a user, or a run with the token it was born with.

A route that asks `caller_of` is closed to limited runs. One that asks another function here checks by itself what these
may do, with `runtime/access/permissions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request

from runtime.access import permissions
from runtime.base.errors import Unauthorized
from runtime.base.records import Run, User


@dataclass(frozen=True, slots=True)
class Caller:
    """`run` is set where the token is a run's own, as it was when the request was let in; it acts for its user.

    `is_host` is whether the token is the command line's, which only who may read the server's own files knows.
    """

    user: User
    run: Run | None = None
    is_host: bool = False


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
    """Who is calling, and may do all its user may. Raises Unauthorized, and Forbidden for a limited run."""
    caller = limited_caller_of(request)
    permissions.check_full_permissions(caller.run)
    return caller


def limited_caller_of(request: Request) -> Caller:
    """Who is calling, limited runs included. Raises Unauthorized where there is no token or its run has ended."""
    caller = late_caller_of(request)
    permissions.check_not_ended(caller.run)
    return caller


def late_caller_of(request: Request) -> Caller:
    """Who is calling, limited runs and runs that have just ended included. Raises Unauthorized without a token."""
    caller = maybe_caller(request)
    if caller is None:
        raise Unauthorized("token-not-provided", "Authentication token was not provided.")
    return caller
