from __future__ import annotations

import pytest

from runtime.base.durations import readable_duration


@pytest.mark.parametrize(
    ("millis", "text"),
    [(0, "0.0 s"), (59_940, "59.9 s"), (61_000, "1 m 1 s"), (3_660_000, "1 h 1 m"), (90_000_000, "1 d 1 h")],
)
def test_durations(millis: int, text: str) -> None:
    assert readable_duration(millis) == text
