"""The form that starts a run: its errors, its JSON, and the run that it starts."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import Visit

pytestmark = pytest.mark.docker


def test_a_run_starts_once_its_input_is_correct(visit: Visit, stage: ConsoleStage, console_server: LiveServer) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.actor}")
    page.get_by_label("Exit code").fill("-1")
    expect(page.get_by_text("Field input.exitCode must be >= 0")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("1 field to correct: Exit code")).to_be_visible()
    page.get_by_label("Exit code").fill("0")
    page.get_by_label("Name", exact=True).fill("O'Hara")
    slider = page.get_by_role("slider", name="Memory, MB")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "256 megabytes, 0.063 core")
    command = page.get_by_label("The run for greenroom")
    expect(command).to_contain_text("""-m 256 \\\n  -i '{\n    "name": "O'\\''Hara",""")
    expect(page.get_by_text("to correct")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(rf"/actors/{stage.actor}/runs/\w+"))
    run = console_server.data("GET", f"actor-runs/{page.url.rsplit('/', 1)[1].partition('#')[0]}")
    assert run["options"]["memoryMbytes"] == 256
    stored = console_server.text(f"key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT")
    assert json.loads(stored) == {"name": "O'Hara", "sleepSecs": 0, "exitCode": 0}


def test_the_form_is_locked_while_the_json_is_not_valid(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.actor}")
    page.get_by_role("button", name="JSON", exact=True).click()
    editor = page.get_by_role("textbox", name="Input as JSON")
    replace_text(editor, '{\n  "name": Ada\n}')
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_text("Line 2 of the JSON: Unexpected Ada; text needs double quotes.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Correct the JSON").click()
    replace_text(editor, '{"name": "Ada"}')
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada")


def test_the_server_gets_numbers_as_they_were_typed(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.actor}")
    page.get_by_role("button", name="JSON", exact=True).click()
    numbers = '"id": 9007199254740993, "one": 1.0, "long": 0.10000000000000000555'
    replace_text(page.get_by_role("textbox", name="Input as JSON"), f'{{"name": "Ada", "exitCode": 0, {numbers}}}')
    page.get_by_role("button", name="Form", exact=True).click()
    with page.expect_request(lambda request: request.method == "POST" and "/runs?" in request.url) as started:
        page.keyboard.press("Control+Enter")
    assert started.value.post_data == f'{{"name":"Ada","exitCode":0,{numbers}}}'.replace(": ", ":").replace(", ", ",")
    page.wait_for_url(re.compile(rf"/actors/{stage.actor}/runs/\w+"))
    run = console_server.data("GET", f"actor-runs/{page.url.rsplit('/', 1)[1].partition('#')[0]}")
    stored = console_server.text(f"key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT")
    assert '"id":9007199254740993' in stored.replace(" ", "")


def replace_text(editor: Locator, text: str) -> None:
    """Type over everything. `fill` would let the browser copy styles into the text, which the page's policy blocks."""
    editor.click()
    editor.press("Control+a")
    editor.press("Delete")
    editor.page.keyboard.insert_text(text)
