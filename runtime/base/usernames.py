"""The names of users."""

from __future__ import annotations

import re

USERNAME_RULE = "1 to 30 letters, digits, '.', '_' or '-', and not 'me'"
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
ALIAS = "me"
"""What clients write for the caller's own name."""
ACTS_FOR_HEADER = "Greenroom-User"
"""The header with which the command line acts for another user than the first one, such as the owner of stand-ins."""


def is_username(text: str) -> bool:
    return USERNAME.fullmatch(text) is not None and text != ALIAS
