"""The names of users."""

from __future__ import annotations

import re

USERNAME_RULE = "1 to 30 letters, digits, '.', '_' or '-', and not 'me'"
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
ALIAS = "me"
"""What clients write for the caller's own name."""


def is_username(text: str) -> bool:
    return USERNAME.fullmatch(text) is not None and text != ALIAS
