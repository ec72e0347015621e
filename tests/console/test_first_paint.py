"""What a page shows before its scripts have run: the frame of all pages, which the document contains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, ViewportSize

from tests.console.browser import NARROW, THEMES, WIDE, Visit

pytestmark = pytest.mark.docker

MEDIUM: ViewportSize = {"width": 1100, "height": 800}
PLACES = """() => Object.fromEntries(
    ["nav[aria-label=Main]", "nav[aria-label=Main] > *", "nav[aria-label=Main] a", "main"].flatMap(selector =>
        [...document.querySelectorAll(selector)].map((element, index) => {
            const {x, y, width, height} = element.getBoundingClientRect()
            return [`${selector} ${index}`, [x, y, width, height].map(Math.round)]
        })))"""
"""Where the parts of the frame are, in CSS pixels."""


def hold_scripts(visit: Visit) -> Callable[[], None]:
    """Let no script of the build arrive until the returned function is called."""
    held: list[Route] = []
    visit.page.route("**/assets/*.js", lambda route: held.append(route))

    def release() -> None:
        for route in held:
            route.continue_()
        visit.page.unroute("**/assets/*.js")

    return release


def prefer(visit: Visit, preferences: str) -> None:
    """Store preferences as an earlier page of the console has done it."""
    visit.page.add_init_script(f"localStorage.setItem('greenroom.preferences', '{preferences}')")


def open_shell(visit: Visit, path: str = "/actors/runs") -> None:
    visit.page.goto(visit.origin + path, wait_until="commit")
    visit.page.locator("[data-shell] main").wait_for()
    visit.page.evaluate("() => document.fonts.ready")


@pytest.mark.parametrize("path", ["/actors/runs", "/settings"])
@pytest.mark.parametrize("window", [WIDE, MEDIUM, NARROW], ids=lambda size: str(size["width"]))
def test_the_frame_is_there_before_the_scripts_and_does_not_move(visit: Visit, window: ViewportSize, path: str) -> None:
    visit.page.set_viewport_size(window)
    release = hold_scripts(visit)
    open_shell(visit, path)
    assert visit.page.locator("h1").count() == 0
    before = visit.page.evaluate(PLACES)
    release()
    visit.wait_until_drawn()
    visit.page.locator("nav[aria-label=Main]", has_text="Memory granted").wait_for(state="attached")
    assert visit.page.locator("[data-shell]").count() == 0
    assert visit.page.evaluate(PLACES) == before


@pytest.mark.parametrize("theme", THEMES)
def test_the_first_picture_is_legible_and_has_the_chosen_theme(visit: Visit, theme: str) -> None:
    other = "dark" if theme == "light" else "light"
    visit.page.emulate_media(color_scheme=other)  # type: ignore[arg-type]
    prefer(visit, f'{{"theme": "{theme}"}}')
    hold_scripts(visit)
    open_shell(visit)
    assert visit.page.evaluate("() => getComputedStyle(document.documentElement).colorScheme") == theme
    assert visit.violations("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa") == []


def test_a_narrow_sidebar_is_narrow_in_the_first_picture(visit: Visit) -> None:
    prefer(visit, '{"isSidebarNarrow": true}')
    release = hold_scripts(visit)
    open_shell(visit)
    before = visit.page.evaluate(PLACES)
    assert before["nav[aria-label=Main] 0"][2] == 56
    release()
    visit.wait_until_drawn()
    assert visit.page.evaluate(PLACES) == before


def test_a_link_of_the_first_picture_opens_its_page(visit: Visit) -> None:
    release = hold_scripts(visit)
    open_shell(visit)
    visit.page.locator("nav[aria-label=Main] a", has_text="Settings").click(no_wait_after=True)
    visit.page.wait_for_url("**/settings", wait_until="commit")
    release()
    visit.wait_until_drawn()
    assert visit.page.locator("h1").inner_text() == "Settings"
