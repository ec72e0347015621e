"""How much a test tries: how many random examples of a property, and how long an attack."""

from __future__ import annotations

from hypothesis import settings

FAST_PROFILE = "fast"
"""The Hypothesis profile of `make fast`. All other commands try everything."""
FAST_SHARE = 5


def examples(count: int) -> int:
    """`count`, or a fifth of it with the profile of `make fast`."""
    return count // FAST_SHARE if _is_fast() else count


def attack_secs(secs: float) -> float:
    """`secs`, or a fifth of them with the profile of `make fast`."""
    return secs / FAST_SHARE if _is_fast() else secs


def _is_fast() -> bool:
    return settings.get_current_profile_name() == FAST_PROFILE
