"""How many random examples a test of a property tries."""

from __future__ import annotations

from hypothesis import settings

FAST_PROFILE = "fast"
"""The Hypothesis profile of `make fast`. All other commands try every example."""
FAST_SHARE = 5


def examples(count: int) -> int:
    """`count`, or a fifth of it with the profile of `make fast`."""
    return count // FAST_SHARE if settings.get_current_profile_name() == FAST_PROFILE else count
