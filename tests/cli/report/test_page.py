"""The report as a web page: what it contains, and what it cannot do."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.report.charts import TimeAxis, clock_time, round_up
from cli.report.page import page, write_page
from tests.cli.reports import MIB, a_report, an_unmeasured_report, curve, figure, no_metrics, some_metrics

VOID = {"meta", "path", "rect"}


class Elements(HTMLParser):
    """Checks that elements are nested well, and collects their names and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self._open.pop() == tag


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = page(a_report(), some_metrics())
    elements = Elements(text)
    assert not {"script", "link", "img", "iframe", "object"} & {*elements.names}
    assert not [name for name, _ in elements.attributes if name.startswith(("on", "src", "href", "xlink"))]
    assert "url(" not in text and "@import" not in text and "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text


def test_the_page_shows_all_numbers_with_their_basis() -> None:
    text = re.sub(r"<[^>]+>", "|", page(a_report(), some_metrics()))
    text = re.sub(r"\|+", "|", text)
    for shown in (
        "|Succeeded|greeter|0.3.1|",
        "|Memory peak|64 MB|of 128 MB (50 %), measured|",
        "|95 % of the time below|60.0 MB|measured|",
        "|page cache, not included|10.0 MB|measured|",
        "|node|~50.0 MB|~0.4 s|",
        "|dataset writes|5|5e-06|~$0.000025|",
        "|event page|3|0.1|~$0.3000|",
        "|total for the user|~$0.3000|",
        "|Migrated|",
        "4 samples from cgroup v2",
    ):
        assert shown in text, shown
    assert "dataset reads" not in text


def test_a_peak_at_the_limit_and_an_estimate_are_marked() -> None:
    memory = a_report()["memory"] | {"peakBytes": figure(128 * MIB, is_lower_bound=True)}
    assert '<dd class="over">≥ 128 MB</dd>' in page(a_report(memory=memory), some_metrics())


def test_text_of_an_actor_is_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    events = [{"name": hostile, "count": figure(1), "priceUsd": 0.1, "usd": figure(0.1)}]
    processes = [{"name": hostile, "memoryBytes": curve(1, 1, 1, 1), "cpuCores": curve(1, 1, 1, 1)}]
    report = a_report(statusMessage=hostile, actorName=hostile, buildNumber=hostile, events=events)
    assert "script" not in Elements(page(report, some_metrics(processes=processes))).names


def test_unmeasured_numbers_are_dashes_and_have_no_charts() -> None:
    text = page(an_unmeasured_report(), no_metrics())
    elements = Elements(text)
    assert "figure" not in elements.names and "details" not in elements.names
    assert "<dd>–</dd>" in text and "not measured" in text


def test_lines_are_interrupted_between_containers_and_in_gaps() -> None:
    text = page(a_report(), some_metrics())
    assert text.count('<path class="memory fill"') == 2
    begin = some_metrics()["at"][2]
    assert page(a_report(), some_metrics(gaps=[[begin, begin + 1000]])).count('<path class="memory fill"') == 3
    assert '<rect class="gap"' in page(a_report(), some_metrics(gaps=[[begin, begin + 1000]]))


def test_combined_samples_are_shown_as_a_band() -> None:
    metrics = some_metrics()
    metrics["curves"]["memoryBytes"] |= {"low": [MIB] * 4, "high": [90 * MIB] * 4}
    assert page(a_report(), metrics).count('<path class="memory band"') == 2


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.3, 0.4), (1, 1), (3, 4), (7, 8), (9, 10), (41, 80), (95, 100), (300, 400), (1234, 2000)]
)
def test_axes_end_at_numbers_that_divide_well(value: float, rounded: float) -> None:
    assert round_up(value) == pytest.approx(rounded)


def test_times_count_from_the_start() -> None:
    assert [clock_time(secs) for secs in (0, 65, 3725)] == ["0:00", "1:05", "1:02:05"]
    assert [label for _, label in TimeAxis([], 0, 130_000).ticks()] == ["0:00", "0:30", "1:00", "1:30", "2:00"]


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be written"):
        write_page(tmp_path / "missing" / "report.html", a_report(), some_metrics())
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError):
        write_page(tmp_path / "folder", a_report(), some_metrics())
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
