"""A page whose requests were lost, as Chromium loses all of them when a network of the machine changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.console.browser import Visit

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("pattern", ["**/assets/index-*.js", "**/assets/start-*.js", "**/assets/*.css"])
def test_a_page_that_loses_a_request_at_its_start_loads_again(visit: Visit, pattern: str) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort("failed")

    visit.page.route(pattern, lose_the_first)
    visit.open("/settings")
    assert len(lost) == 1 and visit.page.locator("h1").inner_text() == "Settings"
