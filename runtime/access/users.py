"""Who may call: the one local user, or the configured ones, and runs with a token of their own."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from runtime.base.clock import Clock
from runtime.base.errors import Unauthorized, record_not_found
from runtime.base.records import Run, User, new_id
from runtime.database.tables import Table

LOCAL_USERNAME = "local"
OWN_TOKEN_PREFIX = "greenroom_own_"
RUN_TOKEN_PREFIX = "greenroom_run_"
RUN_TOKEN_GRACE_MILLIS = 5000
"""A run's token outlives the run by this, for last words only (`permissions.py`): they may arrive after its end."""


def new_run_token() -> str:
    return RUN_TOKEN_PREFIX + secrets.token_urlsafe(24)


class Users:
    """`tokens` maps token to user name; empty, every non-empty token is the local user's.

    Users never change, so that those who may call are looked up once.
    """

    def __init__(self, users: Table[User], runs: Table[Run], tokens: Mapping[str, str], clock: Clock) -> None:
        self._users = users
        self._runs = runs
        self._tokens = tokens
        self._clock = clock
        self._own_key = secrets.token_bytes(32)
        self._callers: dict[str, User] = {}

    async def open(self) -> None:
        """Make the records of users that are met for the first time."""
        for username in self._usernames():
            if self.named(username) is None:
                await self._users.insert(User(id=new_id(), username=username, created_at=self._clock.now()))
        self._callers = {user.username: user for user in self.all()}

    def get(self, id: str) -> User:
        user = self._users.get(id)
        if user is None:
            raise record_not_found("User", id)
        return user

    def all(self) -> list[User]:
        return self._users.all()

    def named(self, username: str) -> User | None:
        return self._users.find("username = ?", username)

    def authenticate(self, token: str) -> tuple[User, Run | None]:
        """The user a token stands for, and its run: a live one, or one that ended a moment ago. Raises Unauthorized."""
        if token.startswith(RUN_TOKEN_PREFIX):
            run = self._live_run(token)
            return self.get(run.user_id), run
        if token.startswith(OWN_TOKEN_PREFIX):
            return self._of_own_token(token), None
        username = self._username(token)
        if username is None:
            raise _invalid_token()
        return self._callers[username], None

    def addressed(self, user: User, reference: str) -> tuple[User, str] | None:
        """Whose thing of which name `username~name`, `~name` or `me~name` means for a user; None for other text."""
        username, tilde, name = reference.partition("~")
        owner = user if username in ("", "me") else self.named(username)
        return None if not tilde or owner is None else (owner, name)

    def own_token(self, user_id: str) -> str:
        """A token for this server's own requests in a user's name; nobody keeps it, and it dies with the process."""
        return f"{OWN_TOKEN_PREFIX}{user_id}.{hmac.digest(self._own_key, user_id.encode(), 'sha256').hex()}"

    def first(self) -> User:
        """The local user, or the first of the configured ones."""
        return self._callers[self._usernames()[0]]

    def _of_own_token(self, token: str) -> User:
        user_id = token.removeprefix(OWN_TOKEN_PREFIX).partition(".")[0]
        if not hmac.compare_digest(token.encode(), self.own_token(user_id).encode()):
            raise _invalid_token()
        return self.get(user_id)

    def _usernames(self) -> list[str]:
        return list(dict.fromkeys(self._tokens.values())) or [LOCAL_USERNAME]

    def _username(self, token: str) -> str | None:
        if not self._tokens:
            return LOCAL_USERNAME
        given = token.encode()
        for known, username in self._tokens.items():
            if hmac.compare_digest(known.encode(), given):
                return username
        return None

    def _live_run(self, token: str) -> Run:
        run = self._runs.find("token = ?", token)
        if run is None or self._is_over(run):
            raise _invalid_token()
        return run

    def _is_over(self, run: Run) -> bool:
        return run.finished_at is not None and self._clock.now() > run.finished_at + RUN_TOKEN_GRACE_MILLIS


def _invalid_token() -> Unauthorized:
    return Unauthorized("invalid-token", "Authentication token is not valid.")
