"""Who sends a request, from its header `Proxy-Authorization`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass

from runtime.proxy.accounts import Accounts
from runtime.proxy.messages import Head
from runtime.proxy.protocol import Account
from runtime.proxy.usernames import InvalidUsername, Parameters, parse_username

NO_CREDENTIALS = "Proxy credentials required."
INVALID_PASSWORD = "Invalid password: it is not the proxy password of a user or of a live run."


@dataclass(frozen=True, slots=True)
class Identity:
    """`account` is None for an invalid password, and `parameters` for an invalid user name. `error` is the reason."""

    username: str | None = None
    account: Account | None = None
    parameters: Parameters | None = None
    error: str | None = None


def identify(head: Head, accounts: Accounts, groups: Collection[str]) -> Identity:
    """Identify the sender. `groups` are the available ones."""
    username, password = _credentials(head.value(b"proxy-authorization"))
    if username is None or password is None:
        return Identity(error=NO_CREDENTIALS)
    account = accounts.find(password)
    if account is None:
        return Identity(username, error=INVALID_PASSWORD)
    try:
        return Identity(username, account, parse_username(username, groups))
    except InvalidUsername as problem:
        return Identity(username, account, error=str(problem))


def _credentials(header: bytes | None) -> tuple[str | None, str | None]:
    scheme, _, encoded = (header or b"").strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None, None
    try:
        username, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("latin-1").partition(":")
    except (binascii.Error, ValueError):
        return None, None
    return (username, password) if colon else (None, None)
