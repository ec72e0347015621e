from __future__ import annotations

import pytest

from runtime.explanations.builds import BUILD_CAUSES
from runtime.explanations.causes import RUN_CAUSES
from scripts.explain_docs import PAGE, updated
from tests.runtime.explanations.staged import ENDINGS


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert page == updated(page), "docs/explain.md is out of date: run `python -m scripts.explain_docs`."


def test_every_cause_has_a_section_and_a_name_of_its_own() -> None:
    ids = [each.id for each in RUN_CAUSES] + [each.id for each in BUILD_CAUSES]
    assert len(ids) == len(set(ids))
    assert [id for id in ids if f"| `{id}` |" not in PAGE.read_text()] == []


def test_staged_endings_name_causes_of_the_table() -> None:
    assert len(ENDINGS) >= 20
    assert {staged.cause for staged in ENDINGS.values()} - {""} <= {each.id for each in RUN_CAUSES}


def test_a_page_without_a_marker_is_rejected() -> None:
    with pytest.raises(ValueError, match="has no line"):
        updated("# Title\n")
