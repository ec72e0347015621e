from __future__ import annotations

import pytest

from cli.fit.options import parse_budget, parse_sizes
from runtime.base.records import Budget


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("512", (512,)),
        ("1g,256, 512m,512", (256, 512, 1024)),
        ("256-2g", (256, 512, 1024, 2048)),
        ("128,1g-4g", (128, 1024, 2048, 4096)),
    ],
)
def test_sizes(text: str, sizes: tuple[int, ...]) -> None:
    assert parse_sizes(text) == sizes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("300", "not a size of the platform"),
        ("2g-1g", "not a range"),
        ("", "not a memory size"),
        ("64g", "not possible"),
        ("512-", "not a memory size"),
        ("a,b", "not a memory size"),
    ],
)
def test_invalid_sizes(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_sizes(text)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("90s", Budget(secs=90)),
        ("1.5m", Budget(secs=90)),
        ("2h", Budget(secs=7200)),
        ("0.5usd", Budget(usd=0.5)),
        ("$2", Budget(usd=2)),
    ],
)
def test_budgets(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["10", "0.5", "", "ten minutes", "-1s", "1d", "usd"])
def test_invalid_budgets(text: str) -> None:
    with pytest.raises(ValueError, match="not a budget"):
        parse_budget(text)


def test_a_budget_is_spent_when_one_of_its_limits_is_reached() -> None:
    assert not Budget().is_spent(1e9, 1e9)
    assert Budget(secs=60).is_spent(60, 0) and not Budget(secs=60).is_spent(59, 9)
    assert Budget(usd=1).is_spent(0, 1) and not Budget(usd=1).is_spent(99, 0.9)
