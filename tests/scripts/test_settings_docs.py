from __future__ import annotations

import pytest

from runtime.base.setting_table import SETTINGS
from scripts.settings_docs import BEGIN, END, PAGE, tables, updated


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert page == updated(page), "docs/configuration.md is out of date: run `python -m scripts.settings_docs`."


def test_the_text_around_the_tables_stays() -> None:
    assert updated(f"# A\n{BEGIN}old\n{END}B\n") == f"# A\n{BEGIN}{tables()}\n{END}B\n"


def test_a_page_without_a_place_is_rejected() -> None:
    with pytest.raises(ValueError, match="no place"):
        updated("# Title\n")


def test_every_setting_has_a_row() -> None:
    text = tables()
    assert [text.count(f"\n| `{setting.key}` |") for setting in SETTINGS] == [1] * len(SETTINGS)
