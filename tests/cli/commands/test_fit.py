from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.fit.stub import FitStub
from tests.cli.stub import write_server_file
from tests.listening import listening_in_thread, loop_in_thread

NEEDS_300 = '{"needMbytes": 300}'


@pytest.fixture
def fit_stub(tmp_path: Path) -> Iterator[FitStub]:
    stub = FitStub()
    with loop_in_thread() as thread, listening_in_thread(thread, stub.app) as port:
        write_server_file(tmp_path / "data", port, os.getpid())
        yield stub


@pytest.fixture
def fit(cli: CliRunner, fit_stub: FitStub, folder: Path, tmp_path: Path) -> Any:
    def call(*options: str, source: str | None = None) -> Any:
        return cli.invoke(app, ["fit", source or str(folder), "--data-dir", str(tmp_path / "data"), *options])

    return call


def memory_of(stub: FitStub) -> list[int]:
    return [trial.memory_mbytes for trial in stub.trials]


def test_the_table_and_the_proven_recommendation_are_printed(fit: Any, fit_stub: FitStub) -> None:
    done = fit("-i", NEEDS_300)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        " Memory  Result          Time        Peak  Throttled     Units  1000 runs",
        " 256 MB  out of memory  4.0 s  ≥ 256.0 MB       25 %  0.000278   ~$0.2560",
        " 512 MB  proven         4.0 s    300.0 MB       25 %  0.000556   ~$0.5120",
        "1024 MB  fits           4.0 s    300.0 MB       25 %  0.001111     ~$1.02",
    ]
    assert (
        "Recommended  512 MB, the smallest size that holds the peak with its headroom. Proven by the fresh run r4."
        in (lines)
    )
    assert "defaultMemoryMbytes 512, minMemoryMbytes 512, maxMemoryMbytes 1024" in done.stdout
    assert memory_of(fit_stub) == [1024, 512, 256, 512]


def test_only_the_proof_remains(fit: Any, fit_stub: FitStub) -> None:
    result = json.loads(fit("-i", NEEDS_300, "--json").stdout)
    assert [run["isStored"] for run in result["runs"]] == [False, False, False, True]
    assert result["remainingRunIds"] == result["recommendation"]["proofs"] == ["r4"]
    assert len(fit_stub.actors) == len(fit_stub.builds) == 1


def test_an_existing_actor_is_measured_without_a_build(fit: Any, fit_stub: FitStub) -> None:
    fit("-i", NEEDS_300)
    result = json.loads(fit("-i", NEEDS_300, "--json", source="a1").stdout)
    assert (result["recommendation"]["memoryMbytes"], len(fit_stub.builds)) == (512, 1)


def test_an_actor_that_never_succeeds_gets_advice_and_its_last_run_remains(fit: Any, fit_stub: FitStub) -> None:
    done = fit("-i", '{"status": "FAILED", "exitCode": 7}')
    assert done.exit_code == 1
    assert "Recommended  nothing, because no size fits." in done.stdout and "greenroom explain r2" in done.stdout
    assert memory_of(fit_stub)[0] == 1024


def test_an_interrupt_aborts_the_run_and_prints_what_was_measured(fit: Any, fit_stub: FitStub) -> None:
    fit_stub.interrupts_at = 256
    done = fit("-i", NEEDS_300, "--json")
    result = json.loads(done.stdout)
    assert (done.exit_code, result["error"]["code"], result["isComplete"]) == (3, "aborted", False)
    assert [row["memoryMbytes"] for row in result["sizes"]] == [512, 1024]
    assert (result["recommendation"]["memoryMbytes"], result["recommendation"]["isProven"]) == (512, False)
    assert "stop" in fit_stub.requests


def test_an_interrupt_during_the_start_stops_the_fit(fit: Any, fit_stub: FitStub) -> None:
    fit_stub.interrupts_start = True
    assert fit("-i", NEEDS_300).exit_code == 3
    assert (fit_stub.fit.status, "stop" in fit_stub.requests) == ("STOPPED", True)


def test_an_error_during_the_search_leaves_what_was_measured(fit: Any, fit_stub: FitStub) -> None:
    fit_stub.most_runs = 2
    done = fit("-i", NEEDS_300, "--json")
    result = json.loads(done.stdout)
    assert (done.exit_code, result["error"]["code"]) == (69, "actor-memory-limit-exceeded")
    assert [row["memoryMbytes"] for row in result["sizes"]] == [512, 1024]
    assert "exceed the memory limit" in done.stderr


def test_the_settings_of_the_actor_apply(fit: Any, fit_stub: FitStub, folder: Path) -> None:
    text = '[run]\nmemory = "2g"\ntimeout = 77\n[run.input]\nneedMbytes = 300\n'
    (folder / "greenroom.toml").write_text(text)
    assert "Recommended  512 MB" in fit().stdout
    assert memory_of(fit_stub)[0] == 2048
    assert any(each.startswith("fit?") and "timeout=77" in each for each in fit_stub.requests)


def test_a_spent_budget_leaves_the_recommendation_unproven(fit: Any, fit_stub: FitStub) -> None:
    done = fit("-i", NEEDS_300, "--budget", "0.001usd")
    assert (done.exit_code, memory_of(fit_stub)) == (1, [1024])
    assert "Not proven by a fresh run." in done.stdout


def test_a_size_that_the_server_rejects_is_reported(fit: Any, fit_stub: FitStub) -> None:
    fit_stub.start_problem = 402, "actor-memory-limit-exceeded", "at most 1024 MB"
    rejected = fit("--sizes", "2g")
    assert (rejected.exit_code, "at most 1024 MB" in rejected.stderr) == (69, True)


def test_the_runs_of_a_batch_are_named_together(fit: Any) -> None:
    done = fit("-i", NEEDS_300, "--sizes", "128-1g", "--parallel", "3", "--json")
    assert done.exit_code == 0
    assert "Running at 128 MB, 256 MB, 512 MB ..." in done.stderr
    assert "Running at 1024 MB ..." in done.stderr


def test_every_option_is_passed_to_the_server(fit: Any, fit_stub: FitStub) -> None:
    options = ("--sizes", "1g,512", "--repeat", "2", "--strategy", "fastest", "--parallel", "2", "--budget", "10m")
    assert fit("-i", NEEDS_300, *options, "--timeout", "60", "--env", "A=1").exit_code == 0
    assert fit_stub.order == {
        "actor": "a1",
        "inputs": [{"label": "needMbytes", "body": {"needMbytes": 300}}],
        "sizes": [512, 1024],
        "repeat": 2,
        "strategy": "fastest",
        "parallel": 2,
        "budgetSecs": 600.0,
        "budgetUsd": None,
    }
    [started] = [each for each in fit_stub.requests if each.startswith("fit?")]
    assert "timeout=60" in started and "greenroomEnvVars=" in started and "build=0." in started


def test_several_inputs_lead_to_an_expression(fit: Any, folder: Path) -> None:
    inputs = [each for need in (60, 200, 700) for each in ("-i", f'{{"needMbytes": {need}}}')]
    done = fit(*inputs)
    assert done.exit_code == 0, done.stderr
    assert "Recommended  1024 MB" in done.stdout
    assert "get(input, 'needMbytes', 700)" in done.stdout
    assert "It gives too little to 0 of 3 inputs." in done.stdout
    assert "1024 MB with input 3 to prove it" in done.stderr


def test_the_recommendation_is_written(fit: Any, folder: Path) -> None:
    file = folder / ".actor/actor.json"
    file.write_text('{\n  "name": "greeter", // hello\n  "maxMemoryMbytes": 4096\n}\n')
    assert fit("-i", NEEDS_300, "--write").exit_code == 0
    assert file.read_text() == (
        '{\n  "name": "greeter", // hello\n  "maxMemoryMbytes": 4096,\n'
        '  "defaultMemoryMbytes": 512,\n  "minMemoryMbytes": 512\n}\n'
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"name": "greeter", "defaultMemoryMbytes": "input.a"}', "with an expression"),
        ("{}", "no fields"),
    ],
)
def test_a_file_that_cannot_be_written_is_rejected_before_any_run(
    fit: Any, fit_stub: FitStub, folder: Path, content: str, reason: str
) -> None:
    (folder / ".actor/actor.json").write_text(content)
    rejected = fit("--write")
    assert (rejected.exit_code, fit_stub.builds) == (5, [])
    assert reason in rejected.stderr


def test_without_a_proof_nothing_is_written(fit: Any, folder: Path) -> None:
    before = (folder / ".actor/actor.json").read_text()
    assert fit("-i", NEEDS_300, "--write", "--budget", "0s").exit_code == 1
    assert (folder / ".actor/actor.json").read_text() == before


def test_a_web_page_needs_no_other_file(fit: Any, tmp_path: Path) -> None:
    page = tmp_path / "fit.html"
    assert fit("-i", '{"needMbytes": 300, "x": "<b>"}', "--html", str(page)).exit_code == 0
    text = page.read_text()
    assert "512 MB" in text and "proven" in text
    assert not any(loaded in text for loaded in ("src=", "href=", "@import", "url(", "<script"))


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (("--sizes", "300"), 64, "not a size of the platform"),
        (("--budget", "10"), 64, "not a budget"),
        (("--build", "latest"), 64, "needs the name of an Actor"),
        (("-i", "{"), 5, "not valid JSON"),
        (("-i", "-", "-i", "-"), 64, "Only one input can come from stdin"),
        (("--strategy", "best"), 64, "strategy"),
    ],
)
def test_wrong_arguments_are_rejected_before_any_request(
    fit: Any, fit_stub: FitStub, options: tuple[str, ...], code: int, reason: str
) -> None:
    rejected = fit(*options)
    assert (rejected.exit_code, fit_stub.requests) == (code, [])
    assert reason in rejected.stderr


def test_what_is_neither_a_folder_nor_an_actor_is_rejected(fit: Any) -> None:
    unknown = fit(source="unknown")
    assert (unknown.exit_code, "neither a folder nor an Actor" in unknown.stderr) == (5, True)
