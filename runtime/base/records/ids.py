"""Ids of records."""

from __future__ import annotations

import secrets
import string

ID_LENGTH = 17
ID_ALPHABET = string.ascii_letters + string.digits


def new_id() -> str:
    """Return a new id in the platform's form: 17 letters and digits. It is hard to guess, as an id gives access."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
