"""What holds on every page: it has a title, axe finds nothing serious, and nothing is wider than the window."""

from __future__ import annotations

from dataclasses import fields

import pytest

from testing.console_stage import ConsoleStage
from tests.console.browser import NARROW, Visit, gzipped_bytes

pytestmark = pytest.mark.docker

MOST_BYTES = 250_000
NAMES = list(ConsoleStage(**{field.name: "" for field in fields(ConsoleStage)}).paths())


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_accessible_in_both_themes_and_widths(visit: Visit, stage: ConsoleStage, name: str) -> None:
    visit.open(stage.paths()[name])
    assert visit.page.locator("h1").count() == 1
    assert visit.page.title().endswith(" · Greenroom")
    assert visit.violations() == []
    visit.page.emulate_media(color_scheme="dark")
    assert visit.violations("color-contrast") == []
    visit.page.set_viewport_size(NARROW)
    visit.wait_until_drawn()
    assert visit.violations() == []
    assert visit.overflow() <= 0


def test_the_scripts_and_styles_of_the_first_page_are_small(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(stage.paths()["runs"])
    files = visit.files()
    assert any(path.endswith(".css") for path in files)
    assert gzipped_bytes(files) <= MOST_BYTES
