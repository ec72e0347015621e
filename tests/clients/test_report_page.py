"""The web page of a report in a real browser: it fits narrow and wide screens, and its own policy blocks scripts."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.report.page import page
from tests.cli.reports import a_report, some_metrics

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]

WIDTHS = (360, 800, 1440)
SECS = 60
MEASURE = """<script>addEventListener("load", () => {
    const frames = [...document.querySelectorAll("iframe")].map(frame => frame.contentDocument)
    const measured = frames.map(({documentElement: page, title, fonts}) => ({
        title,
        overflow: page.scrollWidth - page.clientWidth,
        plots: [...page.querySelectorAll(".area > svg")].map(each => Math.round(each.getBoundingClientRect().width)),
        fill: getComputedStyle(page.querySelector(".memory.fill")).fill,
    }))
    document.body.textContent = JSON.stringify(measured)
})</script>"""


def test_the_page_fits_every_width_and_runs_no_scripts(tmp_path: Path) -> None:
    script = "<script>document.title = 'hacked'</script>"
    text = page(a_report(), some_metrics()).replace("</main>", f"{script}</main>")
    frames = "".join(f'<iframe width={width} height=900 srcdoc="{html.escape(text)}"></iframe>' for width in WIDTHS)
    (tmp_path / "frames.html").write_text(f"<!doctype html><body>{frames}{MEASURE}")
    arguments = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"),
        f"--user-data-dir={tmp_path / 'profile'}",
        (tmp_path / "frames.html").as_uri(),
    ]
    dump = subprocess.run(arguments, capture_output=True, text=True, timeout=SECS, check=True).stdout
    measured = json.loads(dump.partition("<body>")[2].partition("</body>")[0])
    assert [each["overflow"] for each in measured] == [0] * len(WIDTHS)
    for each, width in zip(measured, WIDTHS, strict=True):
        assert each["title"] == "greeter · run r1"
        assert each["fill"] == "rgb(0, 103, 163)"
        assert len(each["plots"]) == 5 and all(200 < plot < width for plot in each["plots"])
