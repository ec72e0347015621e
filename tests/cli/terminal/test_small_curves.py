from __future__ import annotations

from cli.terminal.small_curves import resampled, small_curve


def test_a_curve_has_one_character_for_each_value() -> None:
    values = [0, 1, 4, None, 8, 9]
    assert small_curve(values, 8) == "▁▂▅ ██"
    assert small_curve(values, 8, is_ascii=True) == "_.= ##"
    assert small_curve([0, 0], 0) == "▁▁"


def test_a_long_series_shows_the_highest_value_of_each_part() -> None:
    at, values = [*range(100)], [float(each == 42) for each in range(100)]
    assert resampled(at, values, 10) == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert resampled([1, 2], [3, 4], 10) == [3, 4]
    assert resampled([], [], 10) == []


def test_parts_without_a_sample_have_the_value_before_except_in_a_gap() -> None:
    at, values = [0, 10, 20, 80, 90, 100], [1, 2, 3, 4, 5, 6]
    assert resampled(at, values, 5) == [2, 3, 3, 3, 6]
    assert resampled(at, values, 5, gaps=[(20, 80)]) == [2, 3, None, None, 6]
