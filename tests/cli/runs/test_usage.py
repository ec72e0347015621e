from __future__ import annotations

import pytest

from cli.runs.live_table import Histories, show_live
from cli.runs.usage import CURVE_WIDTH, curve, usage_row

RUN = {
    "id": "r1",
    "actorId": "a1",
    "actorName": None,
    "status": "RUNNING",
    "finishedAt": None,
    "durationMillis": 1000,
    "memoryMbytes": 128,
    "memCurrentBytes": None,
    "memMaxBytes": None,
    "cpuCurrentUsage": None,
    "netRxBytes": None,
    "netTxBytes": None,
    "diskMaxBytes": None,
}


def test_what_is_not_measured_is_not_shown_as_zero() -> None:
    assert usage_row(RUN, "local") == ("r1", "a1", "RUNNING", "1.0 s", "-", "- of 128 MB", "-", "-", "-")
    assert curve([None, 0.0, 0.5, 1.0, 1.2]) == " ▁▅██"


def test_the_curve_has_the_latest_measurements_of_listed_runs() -> None:
    histories = Histories()
    for _ in range(CURVE_WIDTH + 5):
        histories.add([{**RUN, "memCurrentBytes": 128 << 20}, {**RUN, "id": "r2"}])
    assert histories.curve_of("r1") == "█" * CURVE_WIDTH
    histories.add([{**RUN, "id": "r2"}])
    histories.add([{**RUN, "memCurrentBytes": 1}])
    assert histories.curve_of("r1").strip("\N{NO-BREAK SPACE}") == "▁"


def test_the_live_table_of_one_run_ends_with_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    show_live("local", lambda: [{**RUN, "status": "SUCCEEDED"}], stops_at_end=True)
    assert capsys.readouterr().out.splitlines()[1].startswith("r1")
