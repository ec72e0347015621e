"""Browser sessions: signed texts for cookies, and the codes with which a command signs a browser in.

Nothing is stored for a session while it is valid, so a page that creates sessions without end fills no disk. Only
sessions that were signed out are stored, until they would have expired.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from runtime.access.signatures import Signer
from runtime.access.users import Users
from runtime.base.clock import DAY_MILLIS, Clock, Millis
from runtime.base.records import User, new_id
from runtime.database.session_tables import EndedSessionsTable

USER_MILLIS = 30 * DAY_MILLIS
OPERATOR_MILLIS = DAY_MILLIS
CODE_MILLIS = 5 * 60_000
KEY = "browser sessions"
"""The name under which the signer derives the key. No storage can have this id, because it contains a space."""
OPERATOR, USER = "operator", "user"


@dataclass(frozen=True, slots=True)
class Session:
    """A valid session. `is_operator` is true if a command with the token in server.json opened it."""

    id: str
    user: User
    expires_at: Millis
    is_operator: bool


class Sessions:
    """Creates, verifies and ends sessions.

    A session of a user survives a restart, but not a change of the user's tokens. A session of the operator ends with
    the server, as the token in server.json does.
    """

    def __init__(self, *, users: Users, signer: Signer, ended: EndedSessionsTable, clock: Clock) -> None:
        self._users = users
        self._key = signer.key(KEY)
        self._server_key = secrets.token_hex(32)
        self._ended = ended
        self._clock = clock
        self._codes: dict[str, Millis] = {}

    def create(self, user: User, *, is_operator: bool = False) -> tuple[str, Session]:
        """Return the text of a new session for a cookie, and the session."""
        lifetime = OPERATOR_MILLIS if is_operator else USER_MILLIS
        session = Session(new_id(), user, self._clock.now() + lifetime, is_operator)
        parts = (session.id, str(session.expires_at), OPERATOR if is_operator else USER, user.username)
        return ".".join((self._signature(*parts), *parts)), session

    def find(self, text: str) -> Session | None:
        """Return the session of a cookie's text; None if it is invalid, has expired, or was signed out."""
        signature, *parts = text.split(".", 4)
        if len(parts) != 4 or not hmac.compare_digest(signature.encode(), self._signature(*parts).encode()):
            return None
        id, expires_at, level, username = parts
        user = self._users.with_token(username)
        if user is None or int(expires_at) <= self._clock.now() or self._ended.contains(id):
            return None
        return Session(id, user, int(expires_at), level == OPERATOR)

    async def end(self, session: Session) -> None:
        """Sign a session out: it is invalid from now on, also in a copy of its cookie."""
        await self._ended.add(session.id, session.expires_at, self._clock.now())

    def new_code(self) -> str:
        """Return a code that opens one session of the operator. It is valid for CODE_MILLIS, and is never stored."""
        now, code = self._clock.now(), secrets.token_urlsafe(32)
        self._codes = {known: expires_at for known, expires_at in self._codes.items() if expires_at > now}
        self._codes[code] = now + CODE_MILLIS
        return code

    def redeem(self, code: str) -> tuple[str, Session] | None:
        """Return a new session of the operator; None if the code is unknown, was used, or has expired."""
        if self._codes.pop(code, 0) <= self._clock.now():
            return None
        return self.create(self._users.first(), is_operator=True)

    def _signature(self, id: str, expires_at: str, level: str, username: str) -> str:
        """Sign the parts together with the secrets that must not change while the session is valid."""
        bound_to = [self._server_key] if level == OPERATOR else self._users.tokens_of(username)
        message = "\0".join((id, expires_at, level, username, *bound_to))
        return hmac.digest(self._key.encode(), message.encode(), "sha256").hex()
