"""Suggested expressions, evaluated by the language that the platform evaluates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.base.memory_sizes import ALL_SIZES
from runtime.fits.expression import MAX_FEATURES, Need, suggest
from runtime.memory_expressions import memory_of
from tests.examples import examples


def needs_of(inputs: list[Any], mbytes: list[float]) -> list[Need]:
    sizes = [next(size for size in ALL_SIZES if size >= need) for need in mbytes]
    return [Need(*each) for each in zip(inputs, mbytes, sizes, strict=True)]


@settings(max_examples=examples(60))
@given(
    points=st.lists(st.tuples(st.integers(0, 10_000), st.floats(10, 20_000)), min_size=2, max_size=6),
    is_length=st.booleans(),
)
def test_an_expression_gives_every_measured_input_enough(points: list[tuple[int, float]], is_length: bool) -> None:
    inputs = [{"pages": count % 50 * [1] if is_length else count, "other": "x"} for count, _ in points]
    needs = needs_of(inputs, [need for _, need in points])
    found = suggest(needs)
    if found is None:
        return
    given_mbytes = [memory_of(found.line.expression, need.input, {}) for need in needs]
    assert given_mbytes == [each.given_mbytes for each in found.predictions]
    assert all(got >= need.size for got, need in zip(given_mbytes, needs, strict=True))
    assert sum(given_mbytes) < len(needs) * max(need.size for need in needs)


def test_the_expression_follows_the_number_that_explains_the_need() -> None:
    inputs = [{"startUrls": [{"url": "x"}] * count, "depth": depth} for count, depth in ((1, 9), (10, 2), (40, 5))]
    found = suggest(needs_of(inputs, [100, 280, 880]))
    assert found is not None
    assert found.line.feature == "startUrls.length"
    assert [each.given_mbytes for each in found.predictions] == [128, 512, 1024]
    assert not any(each.is_miss for each in found.predictions)


def test_an_input_without_the_number_gets_as_much_as_the_largest_one() -> None:
    found = suggest(needs_of([{"a": {"b": 1}}, {"a": {"b": 8}}], [100, 800]))
    assert found is not None
    assert found.line.feature == "a.b"
    assert memory_of(found.line.expression, {}, {}) == 1024


def test_inputs_that_a_line_without_them_would_not_hold_are_marked() -> None:
    found = suggest(needs_of([{"n": 1}, {"n": 2}, {"n": 3}, {"n": 40}], [100, 110, 120, 1900]))
    assert found is not None
    assert [each.is_unseen_miss for each in found.predictions] == [False, False, False, True]


@pytest.mark.parametrize(
    ("inputs", "mbytes"),
    [
        ([], []),
        ([{"n": 1}], [100]),
        ([{"n": 1}, {"n": 2}], [800, 100]),  # the need falls
        ([{"n": 1}, {"n": 1}], [100, 800]),
        ([{"n": 1}, {"m": 2}], [100, 800]),
        ([None, {"n": 2}], [100, 800]),
        ([{"n": True}, {"n": False}], [100, 800]),
        ([{"n n": 1}, {"n n": 2}], [100, 800]),
        ([{"n": "1"}, {"n": "2"}], [100, 800]),
        ([{"n": 1}, {"n": 2}], [100, 110]),  # one size holds both
    ],
)
def test_without_a_number_that_helps_there_is_no_expression(inputs: list[Any], mbytes: list[float]) -> None:
    assert suggest(needs_of(inputs, mbytes)) is None


@pytest.mark.parametrize("value", [1.7976931348623157e308, 1e200, 10**400, -(10**400), float("nan"), float("inf")])
def test_a_number_that_measures_nothing_is_ignored(value: float) -> None:
    found = suggest(needs_of([{"most": value, "pages": 1}, {"most": 5, "pages": 9}], [100, 800]))
    assert found is not None and found.line.feature == "pages"


def test_only_so_many_numbers_of_an_input_are_tried() -> None:
    inputs = [{f"n{number}": value for number in range(MAX_FEATURES)} | {"pages": value} for value in (1, 9)]
    found = suggest(needs_of(inputs, [100, 800]))
    assert found is not None and found.line.feature != "pages"
