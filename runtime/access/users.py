"""Authentication: the local user or the configured users, and runs with tokens of their own."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from runtime.access import permissions
from runtime.base.clock import Clock
from runtime.base.errors import Invalid, Unauthorized, record_not_found
from runtime.base.records import Run, User, new_id
from runtime.base.settings import LOCAL_USERNAME
from runtime.base.usernames import USERNAME_RULE, is_username
from runtime.database import AlreadyExists, Database
from runtime.database.tables import NamedTable

R = TypeVar("R")

SERVER_TOKEN_PREFIX = "greenroom_server_"
RUN_TOKEN_PREFIX = "greenroom_run_"
PROXY_PASSWORD_PREFIX = "apify_proxy_"
"""The prefix of the platform's passwords, which tools recognize as secrets."""


def new_run_token() -> str:
    return RUN_TOKEN_PREFIX + secrets.token_urlsafe(24)


def new_proxy_password() -> str:
    return PROXY_PASSWORD_PREFIX + secrets.token_hex(18)


class Users:
    """`tokens` maps each token to a username. If it is empty, any token belongs to the local user.

    After `open`, only `set_limits` changes users, so the users behind the tokens are read from the database only once.
    A stand-in user has no token, so nobody can authenticate as one. Such users own stand-ins for Actors of Apify Store.
    """

    def __init__(self, database: Database, tokens: Mapping[str, str], clock: Clock) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._server_key = secrets.token_bytes(32)
        self._users_with_tokens: dict[str, User] = {}

    async def open(self) -> None:
        """Create the records of users that are configured for the first time."""
        self._users_with_tokens = {username: await self._ensure(username) for username in self._usernames()}

    async def create_stand_in(self, username: str) -> User:
        """The user with this name, who is created without a token if they do not exist. Raises Invalid."""
        if not is_username(username):
            raise Invalid("invalid-value", f"'{username}' is not a valid username: use {USERNAME_RULE}")
        return await self._ensure(username)

    def get(self, id: str) -> User:
        """Raises NotFound."""
        user = self._database.users.get(id)
        if user is None:
            raise record_not_found("User", id)
        return user

    def all(self) -> list[User]:
        return self._database.users.all()

    def first(self) -> User:
        """The local user, or the first of the configured users."""
        return self._users_with_tokens[self._usernames()[0]]

    @property
    def are_configured(self) -> bool:
        """Whether the server has configured users. Otherwise, any token belongs to the local user."""
        return bool(self._tokens)

    def with_token(self, username: str) -> User | None:
        """The user with this name, if somebody can authenticate as this user now."""
        return self._users_with_tokens.get(username)

    def tokens_of(self, username: str) -> list[str]:
        """The configured tokens of a user."""
        return [token for token, name in self._tokens.items() if name == username]

    def by_username(self, username: str) -> User | None:
        return self._database.users.by_username(username)

    def authenticate(self, token: str) -> tuple[User, Run | None]:
        """Return the user of a token and, for a run's token, the run, which is live or has just ended.

        Raises Unauthorized.
        """
        if token.startswith(RUN_TOKEN_PREFIX):
            run = self._run_of_token(token)
            return self.get(run.user_id), run
        if token.startswith(SERVER_TOKEN_PREFIX):
            return self._user_of_server_token(token), None
        username = self._username(token)
        if username is None:
            raise _invalid_token()
        return self._users_with_tokens[username], None

    def server_token(self, user_id: str) -> str:
        """A token for the server's own requests in a user's name. It is never stored; it expires with the server."""
        return f"{SERVER_TOKEN_PREFIX}{user_id}.{hmac.digest(self._server_key, user_id.encode(), 'sha256').hex()}"

    async def set_limits(
        self, user: User, *, max_monthly_usage_usd: float | None, data_retention_days: int | None
    ) -> None:
        """Set the limits of a user that are not None."""

        def changed(now: User) -> User:
            usd = now.max_monthly_usage_usd if max_monthly_usage_usd is None else max_monthly_usage_usd
            days = now.data_retention_days if data_retention_days is None else data_retention_days
            return replace(now, max_monthly_usage_usd=usd, data_retention_days=days)

        updated = await self._database.users.update(user.id, changed)
        if updated is not None and user.username in self._users_with_tokens:
            self._users_with_tokens[user.username] = updated

    def find_record(self, table: NamedTable[R], user: User, reference: str) -> R | None:
        """A record by its id, or as this user names it: `username~name`, `~name` or `me~name`."""
        record = table.get(reference)
        if record is not None:
            return record
        named = self.parse_reference(user, reference)
        return None if named is None else table.by_name(named[0].id, named[1])

    def parse_reference(self, user: User, reference: str) -> tuple[User, str] | None:
        """The owner and the name in `username~name`, `~name` or `me~name`, as this user writes them.

        Returns None for text without `~`, and for an unknown username.
        """
        username, tilde, name = reference.partition("~")
        owner = user if username in ("", "me") else self.by_username(username)
        return None if not tilde or owner is None else (owner, name)

    async def _ensure(self, username: str) -> User:
        known = self.by_username(username)
        if known is not None:
            return known
        user = User(id=new_id(), username=username, created_at=self._clock.now())
        try:
            return await self._database.users.insert(user)
        except AlreadyExists:  # a concurrent request created the user
            return await self._ensure(username)

    def _run_of_token(self, token: str) -> Run:
        run = self._database.runs.by_token(token)
        if run is None or not permissions.accepts_last_requests(run, self._clock.now()):
            raise _invalid_token()
        return run

    def _user_of_server_token(self, token: str) -> User:
        user_id = token.removeprefix(SERVER_TOKEN_PREFIX).partition(".")[0]
        if not hmac.compare_digest(token.encode(), self.server_token(user_id).encode()):
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


def _invalid_token() -> Unauthorized:
    return Unauthorized("invalid-token", "Authentication token is not valid.")
