from __future__ import annotations

import pytest

from cli.runs.live_table import MAX_STORED_CURVES, Histories, show_live
from cli.runs.usage import CURVE_WIDTH, curve, latest_shares, usage_row
from tests.cli.reports import no_metrics, some_metrics

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
    histories = Histories(lambda run_id: [])
    for _ in range(CURVE_WIDTH + 5):
        histories.add([{**RUN, "memCurrentBytes": 128 << 20}, {**RUN, "id": "r2"}])
    assert histories.curve_of("r1") == "█" * CURVE_WIDTH
    histories.add([{**RUN, "id": "r2"}])
    histories.add([{**RUN, "memCurrentBytes": 1}])
    assert histories.curve_of("r1").strip("\N{NO-BREAK SPACE}") == "▁"


def test_the_curve_begins_with_the_stored_samples_of_the_last_seconds() -> None:
    read: list[str] = []

    def stored(run_id: str) -> list[float | None]:
        read.append(run_id)
        return latest_shares(some_metrics(), 3)

    histories = Histories(stored)
    for _ in range(2):
        histories.add([{**RUN, "memCurrentBytes": 128 << 20}])
    assert histories.curve_of("r1").strip("\N{NO-BREAK SPACE}") == "▅▁▃██"
    assert read == ["r1"] and latest_shares(no_metrics(), 3) == []
    many = [{**RUN, "id": str(number)} for number in range(MAX_STORED_CURVES + 5)]
    histories.add(many)
    assert len(read) == 1 + MAX_STORED_CURVES


def test_the_live_table_of_one_run_ends_with_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    show_live("local", lambda: [{**RUN, "status": "SUCCEEDED"}], lambda run_id: [], stops_at_end=True)
    assert capsys.readouterr().out.splitlines()[1].startswith("r1")
