"""Tables fit the terminal; without one, nothing is cut."""

from __future__ import annotations

import pytest

from cli.terminal.tables import Column, print_table, table_lines

COLUMNS = (
    Column("ID"),
    Column("NAME", shrinks=True),
    Column("COUNT", right=True),
    Column("NOTE", shrinks=True, optional=True),
    Column("EXTRA", optional=True),
)
ROWS = [
    ["a1", "a name of thirty characters...", "7", "a note of twenty-nine chars..", "x"],
    ["b2", "短い名前", "1000", "-", "-"],
]


def lines(width: int) -> list[str]:
    return [line.plain for line in table_lines(COLUMNS, ROWS, width, {})]


def test_a_wide_terminal_shows_everything() -> None:
    assert lines(200)[1] == "a1  a name of thirty characters...      7  a note of twenty-nine chars..  x"


@pytest.mark.parametrize("width", [30, 40, 60, 79])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    from rich.cells import cell_len

    assert max(map(cell_len, lines(width))) <= width


def test_the_widest_columns_are_cut_before_optional_columns_are_left_out() -> None:
    assert lines(50)[0].split() == ["ID", "NAME", "COUNT", "NOTE", "EXTRA"]
    assert lines(50)[1].count("…") == 2
    assert lines(30)[0].split() == ["ID", "NAME", "COUNT"]


def test_without_a_terminal_cells_are_complete_and_stay_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS[:2], [["a", "x" * 300], ["b", "two\nlines\tand \x1b[31mred"], ["c", ""]])
    assert capsys.readouterr().out.splitlines() == ["ID  NAME", f"a   {'x' * 300}", "b   two lines and red", "c   -"]
