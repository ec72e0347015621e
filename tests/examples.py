"""How much a test tries: how many examples of a property, how many of several costly cases, and how long an attack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")

FAST_PROFILE = "fast"
"""The Hypothesis profile of `make fast`. All other commands try everything."""
FAST_SHARE = 10


def examples(count: int) -> int:
    """`count`, or a tenth of it with the profile of `make fast`."""
    return count // FAST_SHARE if _is_fast() else count


def some(costly: Iterable[T]) -> list[T]:
    """All cases of a costly test, or every tenth with the profile of `make fast`."""
    return list(costly)[:: FAST_SHARE if _is_fast() else 1]


def attack_secs(secs: float) -> float:
    """`secs`, or a tenth of them with the profile of `make fast`."""
    return secs / FAST_SHARE if _is_fast() else secs


def _is_fast() -> bool:
    return settings.get_current_profile_name() == FAST_PROFILE
