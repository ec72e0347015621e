"""How many files a process may open. Each connection is one."""

from __future__ import annotations

import sys

OPEN_FILES = 65_536
"""The limit on open files, unless the user's own hard limit is lower."""


def raise_open_file_limit() -> int:
    """Allow this process as many open files as its user may have, and return the limit.

    The usual limit of 1,024 is so low that one idle client can use it up.
    """
    if sys.platform == "win32":
        return OPEN_FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
