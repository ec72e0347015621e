"""The commands that list, show and steer runs, on the application with a scripted engine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner
from yarl import URL

from cli.main import app
from tests.cli.conftest import Greenroom
from tests.cli.serving import Serving
from tests.fakes.api import CONTROL_TOKEN


def rows(output: str) -> list[list[str]]:
    """Return the cells of a table without its header."""
    return [line.split("  ") for line in output.splitlines()[1:]]


def test_ps_lists_live_runs_and_with_all_also_finished_ones(greenroom: Greenroom, serving: Serving) -> None:
    finished, live = serving.run("first"), serving.run("second")
    serving.finish(finished, 3)
    assert [row[:2] for row in rows(greenroom("ps").stdout)] == [[live.id, "second"]]
    both = greenroom("ps", "-a")
    assert [row[0] for row in rows(both.stdout)] == [live.id, finished.id]
    assert "FAILED" in both.stdout and both.stderr == "" and "\t" not in both.stdout
    printed = json.loads(greenroom("ps", "-a", "--json").stdout)
    assert (printed["total"], [run["actorName"] for run in printed["runs"]]) == (2, ["local/second", "local/first"])
    assert printed["runs"][0]["memCurrentBytes"] is None


def test_ps_reports_what_it_leaves_out(greenroom: Greenroom, serving: Serving) -> None:
    assert greenroom("ps").stderr == "No run is live. List finished runs with -a.\n"
    assert greenroom("ps", "-a").stderr == "There are no runs yet.\n"
    runs = [serving.run() for _ in range(3)]
    listed = greenroom("ps", "-n", 2)
    assert [row[0] for row in rows(listed.stdout)] == [runs[2].id, runs[1].id]
    assert listed.stderr == "Showing the newest 2 of 3 runs. Show more with --limit.\n"
    assert greenroom("ps", "-n", 0).exit_code == 64


def test_stats_prints_one_table_without_a_terminal(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    serving.api.container_of(run).uses(64 << 20)
    [row] = rows(greenroom("stats").stdout)
    assert row[:3] == [run.id, "hello", "RUNNING"]
    assert [each["id"] for each in json.loads(greenroom("stats", "hello", "--json").stdout)["runs"]] == [run.id]
    serving.finish(run)
    assert greenroom("stats").stderr == "No run is live.\n"
    assert rows(greenroom("stats", "last").stdout)[0][2] == "SUCCEEDED"


def test_inspect_shows_a_run_or_prints_it_as_the_api_does(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    serving.finish(run, 3)
    shown = greenroom("inspect", "hello").stdout
    for text in ("FAILED", "Exit code", "local/hello", run.default_dataset_id):
        assert text in shown
    printed = json.loads(greenroom("inspect", "last", "--json").stdout)
    assert printed == serving.data("GET", f"actor-runs/{run.id}")
    serving.http.delete(f"/v2/datasets/{run.default_dataset_id}").raise_for_status()
    assert "the dataset has been deleted" in greenroom("inspect", "last").stdout


def test_abort_waits_for_the_end_and_accepts_a_finished_run(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    aborted = greenroom("abort", "hello", "--json")
    assert (aborted.exit_code, json.loads(aborted.stdout)["status"]) == (0, "ABORTED")
    again = greenroom("abort", run.id[:8])
    assert again.stdout.startswith(f"ABORTED  run {run.id}") and "already finished" in again.stderr


@pytest.mark.parametrize("order", ["reboot", "migrate"])
def test_orders_for_live_runs(greenroom: Greenroom, serving: Serving, order: str) -> None:
    run = serving.run("hello")
    assert greenroom(order, "last").stdout.startswith(f"RUNNING  run {run.id}: the Actor")
    assert json.loads(greenroom(order, "last", "--json").stdout)["id"] == run.id
    serving.thread.run(serving.api.abort(run))
    rejected = greenroom(order, "last", "--json")
    assert rejected.exit_code == 5
    assert "greenroom resurrect RUN" in json.loads(rejected.stdout)["error"]["advice"]


def test_metamorph_changes_the_actor_and_the_input(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    serving.thread.run(serving.api.create_actor("other"))
    assert greenroom("metamorph", "hello", "nobody").exit_code == 5
    changed = greenroom("metamorph", "hello", "other", "-i", '{"a": 1}')
    assert changed.stdout == f"RUNNING  run {run.id}: it becomes a run of local/other\n"
    serving.thread.run(serving.api.clock.settle())
    assert serving.http.get(
        f"/v2/key-value-stores/{run.default_key_value_store_id}/records/INPUT-METAMORPH-1"
    ).json() == {"a": 1}


def test_call_runs_an_existing_actor_with_the_options_of_run(greenroom: Greenroom, serving: Serving) -> None:
    serving.thread.run(serving.api.create_actor("hello"))
    with serving.finishing_runs(exit_code=7):
        called = greenroom("call", "hello", "-m", "512m", "-i", '{"a": 1}', "--env", "A=b", "--timeout", 60, "--json")
    run = json.loads(called.stdout)["run"]
    assert (called.exit_code, run["status"], run["exitCode"]) == (7, "FAILED", 7)
    assert (run["options"]["memoryMbytes"], run["options"]["timeoutSecs"]) == (512, 60)
    assert serving.http.get(f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT").json() == {"a": 1}
    assert "Hello from the run" in called.stderr
    assert greenroom("call", "nobody").exit_code == 5
    assert greenroom("call", "hello", "--build", "9.9.9").exit_code == 5


def test_call_can_pass_prefilled_values(greenroom: Greenroom, serving: Serving) -> None:
    field = {"title": "T", "type": "string", "description": "D", "editor": "textfield", "prefill": "filled"}
    serving.thread.run(serving.api.create_actor_with_schema("picky", word=field, other=field))
    with serving.finishing_runs():
        called = greenroom("call", "picky", "--prefill", "-i", '{"other": "given"}', "--json")
    store = json.loads(called.stdout)["run"]["defaultKeyValueStoreId"]
    stored = serving.http.get(f"/v2/key-value-stores/{store}/records/INPUT").json()
    assert (called.exit_code, stored) == (0, {"word": "filled", "other": "given"})


def test_resurrect_continues_a_run_and_prints_only_new_lines(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    serving.api.container_of(run).prints("The first time")
    serving.finish(run, 1)
    with serving.finishing_runs():
        resurrected = greenroom("resurrect", "last", "-m", "256")
    assert resurrected.exit_code == 0, resurrected.output
    assert "Hello from the run" in resurrected.stdout and "The first time" not in resurrected.stdout
    shown = json.loads(greenroom("inspect", run.id, "--json").stdout)
    assert (shown["stats"]["resurrectCount"], shown["options"]["memoryMbytes"]) == (1, 256)


def test_logs_are_selected_by_time_and_text(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    container = serving.api.container_of(run)
    container.prints("first ERROR", "first")
    serving.thread.run(serving.api.clock.advance(60))
    container.prints("second ERROR", "second", "10 %\r90 %")
    serving.finish(run)
    whole = greenroom("logs", "last").stdout
    assert whole == serving.http.get(f"/v2/logs/{run.id}").text

    def texts(*options: str) -> list[str]:
        printed = greenroom("logs", "last", *options, "--json")
        return [line["text"] for line in json.loads(printed.stdout)["lines"]]

    assert texts("--grep", "ERR[O]R$") == ["first ERROR", "second ERROR"]
    [stamp] = [line.split(" ")[0] for line in whole.splitlines() if line.endswith("second ERROR")]
    assert texts("--since", stamp)[:2] == ["second ERROR", "second"]
    assert texts("--since", "1d", "--grep", "first") == []
    assert texts("--grep", "90 %") == ["10 %\r90 %"]
    assert "has no line to show" in greenroom("logs", "last", "--grep", "never written").stderr
    assert greenroom("logs", "last", "-f", "--grep", "^second$").stdout.endswith("Z second\n")
    assert [greenroom("logs", "last", *options).exit_code for options in (["--grep", "("], ["--since", "soon"])] == [
        64,
        64,
    ]


def test_logs_of_a_build_are_found_by_its_id(greenroom: Greenroom, serving: Serving) -> None:
    actor = serving.thread.run(serving.api.create_actor("hello"))
    build_id = actor.tagged_builds["latest"].build_id
    assert json.loads(greenroom("logs", build_id, "--json").stdout) == {"id": build_id, "lines": []}


def test_actors_are_listed_by_their_last_run(greenroom: Greenroom, serving: Serving) -> None:
    assert greenroom("actors").stderr.startswith("There are no Actors yet.")
    serving.thread.run(serving.api.create_actor("idle"))
    serving.run("busy")
    assert [row[0].strip() for row in rows(greenroom("actors").stdout)] == ["busy", "idle"]
    printed = json.loads(greenroom("actors", "--json", "-n", 1).stdout)
    assert (printed["total"], len(printed["actors"])) == (2, 1)


def test_build_needs_a_version_of_the_actor(greenroom: Greenroom, serving: Serving) -> None:
    actor = serving.thread.run(serving.api.create_actor("hello"))
    missing = greenroom("build", "hello")
    assert (missing.exit_code, "It has no versions." in missing.stderr) == (5, True)
    for number in ("0.1", "0.2"):
        files = [{"name": "Dockerfile", "format": "TEXT", "content": "FROM scratch"}]
        version = {"versionNumber": number, "sourceType": "SOURCE_FILES", "sourceFiles": files, "buildTag": "beta"}
        serving.data("POST", f"actors/{actor.id}/versions", json=version)
    assert "has several versions. Its versions are: 0.1, 0.2." in greenroom("build", "hello").stderr
    built = json.loads(greenroom("build", "hello", "--version", "0.2", "--tag", "mine", "--json").stdout)
    assert built["build"]["buildNumber"] == "0.2.1"
    assert serving.thread.run(current_tags(serving, actor.id)) == {"latest", "mine"}


async def current_tags(serving: Serving, actor_id: str) -> set[str]:
    return set(serving.api.orchestrator.actors.get(actor_id).tagged_builds)


def test_open_prints_a_page_of_the_console_that_signs_one_browser_in(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    for arguments, page in (((), "/actors/runs"), (("last",), f"/actors/runs/{run.id}")):
        url = URL(json.loads(greenroom("open", *arguments, "--json").stdout)["url"])
        assert (url.path, url.query["page"]) == ("/greenroom/sign-in", page)
        assert CONTROL_TOKEN not in str(url)
        for status in (303, 410):
            assert serving.http.get(url.raw_path_qs).status_code == status


def test_open_prints_the_address_of_a_live_web_server(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")

    async def make_ready() -> None:
        table = serving.api.orchestrator.database.runs
        await table.update(run.id, lambda now: replace(now, is_container_server_ready=True))

    serving.thread.run(make_ready())
    assert greenroom("open", "last").stdout == f"{serving.api.orchestrator.addresses.container_url(run.web_key)}\n"


def test_open_needs_a_server(cli: CliRunner, tmp_path: Any) -> None:
    result = cli.invoke(app, ["open", "--data-dir", str(tmp_path)])
    assert (result.exit_code, f"`greenroom up --data-dir {tmp_path}`" in result.stderr) == (69, True)
