"""The caller of a request, at four levels. The level that a handler names decides which callers it rejects.

A handler that takes a FullCaller is closed to runs with limited permissions. Every other handler checks with
`runtime/access/permissions.py` whether the caller may use the record in question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection, Request

from runtime.access import permissions
from runtime.base.errors import Unauthorized
from runtime.base.records import Run, User

CALLER = "greenroom.caller"
"""The key of a request's scope that holds its caller; None for a request without a token."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, or a run that acts for its user.

    `run` is set if the token belongs to a run. It is the run's record at the moment when the request was authenticated.
    `has_control_token` is true for the token in server.json, which only someone who can read the server's files knows.
    `is_operator` is also true for a browser that a command with this token has signed in. The cookie of a browser is
    protected less well: it is sent to every port of its host. So it gives no access to local files and containers.
    """

    user: User
    run: Run | None = None
    is_operator: bool = False
    has_control_token: bool = False


def optional_caller(request: HTTPConnection) -> Caller | None:
    """The caller of a route that also works without a token."""
    caller: Caller | None = request.scope[CALLER]
    return caller


def authenticated_caller(request: HTTPConnection) -> Caller:
    """Any caller with a valid token: also a limited run, and a run that has just ended. Raises Unauthorized."""
    caller = optional_caller(request)
    if caller is None:
        raise Unauthorized("token-not-provided", "Authentication token was not provided.")
    return caller


def live_caller(request: HTTPConnection) -> Caller:
    """A user or a live run, with limited permissions or not. Raises Unauthorized."""
    caller = authenticated_caller(request)
    permissions.check_not_ended(caller.run)
    return caller


def full_caller(request: HTTPConnection) -> Caller:
    """A caller who may do everything that the user may. Raises Unauthorized, and Forbidden for a limited run."""
    caller = live_caller(request)
    permissions.check_full_permissions(caller.run)
    return caller


def check_operator(request: HTTPConnection) -> None:
    """Raises Unauthorized unless the request carries the token in server.json, or the cookie of the operator."""
    caller = optional_caller(request)
    if caller is None or not caller.is_operator:
        raise Unauthorized(
            "invalid-token",
            "This needs the token that server.json in the data directory holds. In a browser, run `greenroom open`.",
        )


def check_control_token(request: HTTPConnection) -> None:
    """Raises Unauthorized unless the request carries the token in server.json."""
    caller = optional_caller(request)
    if caller is None or not caller.has_control_token:
        raise Unauthorized("invalid-token", "This needs the token that server.json in the data directory holds.")


def _depends(read: Callable[[Request], Any]) -> Any:
    """A dependency that reads the request. It is async because FastAPI would run a plain function in a thread."""

    async def dependency(request: Request) -> Any:
        return read(request)

    return Depends(dependency)


OptionalCaller = Annotated[Caller | None, _depends(optional_caller)]
AuthenticatedCaller = Annotated[Caller, _depends(authenticated_caller)]
LiveCaller = Annotated[Caller, _depends(live_caller)]
FullCaller = Annotated[Caller, _depends(full_caller)]
OperatorOnly = _depends(check_operator)
"""For the `dependencies` of a route that only the operator may call, with the command or in the console."""
ControlTokenOnly = _depends(check_control_token)
"""For the `dependencies` of a route that reads local files, or returns tokens: the console cannot call it."""
