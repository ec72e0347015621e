"""Ids of records."""

from __future__ import annotations

import secrets
import string

ID_LENGTH = 17
ID_ALPHABET = string.ascii_letters + string.digits


def new_id() -> str:
    """A platform-shaped id: 17 letters and digits, hard to guess (knowing a run's id is enough to read it)."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
