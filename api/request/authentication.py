"""Finds the caller of a request by its token, or by the session of a browser."""

from __future__ import annotations

import hmac

from starlette.requests import HTTPConnection
from starlette.types import Scope

from api.request.callers import CALLER, Caller, full_caller
from api.request.rate_limit import RateLimit
from api.request.session_cookies import SessionCookies
from runtime.access.users import Users
from runtime.base.errors import GreenroomError, record_not_found
from runtime.base.records import User
from runtime.base.usernames import ACTS_FOR_HEADER


class Authentication:
    """Identifies callers by their tokens and sessions, and counts their requests."""

    def __init__(
        self, users: Users, control_token: str, session_cookies: SessionCookies, rate_limit: RateLimit
    ) -> None:
        self._users = users
        self._control_token = control_token.encode()
        self._session_cookies = session_cookies
        self._rate_limit = rate_limit

    def identify_caller(self, scope: Scope) -> None:
        """Put the caller into the scope. Raises Unauthorized for an invalid token, NotFound, TooManyRequests."""
        caller = self._identify(HTTPConnection(scope))
        scope[CALLER] = caller
        if caller is not None:
            self._rate_limit.count(caller.user.id)

    def may_continue(self, scope: Scope) -> bool:
        """Whether the credentials of a request are still those of a FullCaller, for a response that takes long.

        Sessions expire and are signed out, and the token of a run becomes invalid with its end.
        """
        connection = HTTPConnection(dict(scope))
        try:
            connection.scope[CALLER] = self._identify(connection)
            full_caller(connection)
        except GreenroomError:
            return False
        return True

    def _identify(self, connection: HTTPConnection) -> Caller | None:
        return self.caller_of(connection, token_of(connection))

    def caller_of(self, connection: HTTPConnection, token: str | None) -> Caller | None:
        """The caller with this token; without one, that of the browser's session. Raises Unauthorized, NotFound."""
        return self._caller_of_session(connection) if token is None else self._authenticate(token, connection)

    def _authenticate(self, token: str, connection: HTTPConnection) -> Caller:
        if hmac.compare_digest(token.encode(), self._control_token):
            # The command line uses this token.
            user = self._user_of_operator(connection.headers.get(ACTS_FOR_HEADER))
            return Caller(user, is_operator=True, has_control_token=True)
        user, run = self._users.authenticate(token)
        return Caller(user, run)

    def _caller_of_session(self, connection: HTTPConnection) -> Caller | None:
        session = self._session_cookies.caller_session(connection.scope)
        return None if session is None else Caller(session.user, is_operator=session.is_operator)

    def _user_of_operator(self, username: str | None) -> User:
        user = self._users.first() if username is None else self._users.by_username(username)
        if user is None:
            raise record_not_found("User", str(username))
        return user


def token_of(connection: HTTPConnection) -> str | None:
    """The token of a request: `Authorization: Bearer`, else `?token=`."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return connection.query_params.get("token") or None
