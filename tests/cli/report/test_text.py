"""The report in a terminal: of different widths, with and without Unicode, and piped."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from api.response.metrics_models import RunMetrics, RunReport
from cli import terminal
from cli.report.text import print_report
from cli.terminal.streams import StandardStream
from runtime.reports.figures import counted_unit
from tests.cli.reports import MIB, a_report, an_unmeasured_report, figure, no_metrics, some_metrics

STYLE = re.compile(r"\x1b\[[0-9;]*m")
FULL = """SUCCEEDED  r1 of greeter 0.3.1, 2.3 s, exit code 0
All done

Memory     ▂▅▁▃  peak 64.0 MB of 128 MB (50 %), 95 % of the time below 60.0 MB
                 highest sample: 56.0 MB anonymous, 4.0 MB kernel; page cache, not included: 10.0 MB
CPU         █▅▁  25 % of the granted time, 0.5 s in total; grant: 0.03125 cores
           ▁█▁▁  throttled in 40 % of its CPU periods, 1.2 s in total
Network    ████  2.4 MB in, 2.9 kB out
Disk       ████  peak 4.0 kB of 256 MB; checked periodically
Processes  ████  at most 3 processes, 11 threads
           ▁▁▁▁  node: ~50.0 MB, ~0.4 s of CPU time
Storage    5 dataset writes
Items      5
Charged    page: 3 x $0.1000 = ~$0.3000
Cost       ~$0.3000 for the user; 0.0003 compute units; platform usage ~$0.000087, which the developer of the Actor pays
Restarts   1 migration

Measured: 4 samples from cgroup v2. ~ marks an estimate, ≥ a number that a limit has cut off.
"""


def test_the_examples_are_what_the_server_returns() -> None:
    for report in (a_report(), an_unmeasured_report()):
        assert RunReport.model_validate(report).model_dump(mode="json", by_alias=True) == report
    for metrics in (some_metrics(), no_metrics()):
        assert RunMetrics.model_validate(metrics).model_dump(mode="json", by_alias=True) == metrics


def test_a_piped_report_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(a_report(), some_metrics())
    assert capsys.readouterr().out == FULL


@pytest.mark.parametrize("width", [80, 200])
def test_a_report_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, no_color=True, width=width, highlight=False, soft_wrap=True)
    monkeypatch.setattr(terminal, "stdout", console)
    seconds = range(400)
    at = [1000 * second for second in seconds]
    metrics = some_metrics(at=at)
    for curve in metrics["curves"].values():
        curve["values"] = [curve["values"][1]] * len(at)
    print_report(a_report(statusMessage="words of a message " * 20), metrics | {"processes": []})
    lines = STYLE.sub("", output.getvalue()).splitlines()
    assert max(map(len, lines)) <= width
    [memory] = [line for line in lines if line.startswith("Memory")]
    assert memory.count("▅") == width // 5


def test_one_operation_is_in_the_singular() -> None:
    assert counted_unit(1, "DATASET_WRITES") == "1 dataset write"
    assert counted_unit(1200, "KEY_VALUE_STORE_READS") == "1,200 key value store reads"


def test_a_terminal_without_unicode_gets_ascii(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(StandardStream, "is_ascii", True)
    memory = a_report()["memory"] | {"peakBytes": figure(128 * MIB, is_lower_bound=True)}
    print_report(a_report(memory=memory), some_metrics())
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "Memory     .=_:  peak >= 128.0 MB of 128 MB (100 %)" in printed


def test_what_was_not_measured_is_not_shown_as_zero(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(an_unmeasured_report(), no_metrics())
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "not measured" in line] == [
        "Memory     not measured; limit 128 MB",
        "CPU        not measured; grant: 0.03125 cores",
        "Network    not measured",
        "Disk       not measured; limit 256 MB; checked periodically",
        "Processes  not measured",
    ]
    assert "throttled" not in "".join(lines)


def test_text_of_an_actor_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[dict[str, Any]] = [
        {"name": "\x1b]0;x\x07page", "count": figure(1), "priceUsd": 0.1, "usd": figure(0.1)}
    ]
    print_report(a_report(statusMessage="\x1b[2Jdone", actorName="\x1b[31mx", events=events), no_metrics())
    assert "\x1b" not in capsys.readouterr().out
