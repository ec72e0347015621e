from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import terminal
from cli.errors import INVALID_INPUT
from cli.main import app
from tests.cli.serving import Serving

TEXT = """\
FAILED  run {id}
The kernel killed a process of the Actor because the run reached its memory
limit of 256 MB.

1. memory-limit  (certain)
   Docker     OOMKilled: true
   process    not recorded: neither the kernel log nor the process list shows
              which one
   exit code  137, which stands for SIGKILL (128 + 9)
   memory     peak 256 MB of 256 MB (100 %)
   Run it with more memory, or make the Actor use less.

Numbers
   exit code  137, which stands for SIGKILL (128 + 9)
   duration   0.0 s; timeout 60 s
   memory     peak 256 MB of 256 MB (100 %)
   disk       0 MB written of 512 MB

End of the log
   ACTOR: Creating Docker container.
   ACTOR: Starting Docker container.
   Holding ^H16 MB

Next: greenroom call hog --memory 512
"""


@pytest.fixture
def explain(cli: CliRunner, serving: Serving) -> Any:
    return lambda *options: cli.invoke(app, ["explain", "--data-dir", str(serving.data_dir), *options])


@pytest.fixture
def failed_run(serving: Serving) -> str:
    async def fail() -> str:
        api = serving.api
        run = await api.start(await api.create_actor("hog"), memory_mbytes=256, timeout_secs=60)
        api.container_of(run).prints("Holding \x0816 MB")
        await api.clock.settle()
        await api.finish(run, 137, oom_killed=True)
        return run.id

    return serving.thread.run(fail())


def test_an_explanation_as_text(explain: Any, failed_run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.stdout, "width", 80)
    result = explain("last")
    assert (result.exit_code, result.stdout) == (0, TEXT.format(id=failed_run))


def test_an_explanation_as_json_is_what_the_server_returns(explain: Any, failed_run: str, serving: Serving) -> None:
    expected = serving.http.get(f"/greenroom/runs/{failed_run}/explanation").json()["data"]
    for reference in (failed_run, failed_run[:5], "hog"):
        assert json.loads(explain(reference, "--json").stdout) == expected


def test_a_build_is_explained_by_its_id(explain: Any, failed_run: str, serving: Serving) -> None:
    build = serving.data("GET", f"actor-runs/{failed_run}")["buildId"]
    assert explain(build).stdout.startswith(f"SUCCEEDED  build {build}\nThe build succeeded.\n")


@pytest.mark.parametrize("reference", ["nobody", "of-nobody/../x", "12345678901234567"])
def test_an_unknown_run(explain: Any, reference: str) -> None:
    result = explain(reference, "--json")
    assert result.exit_code == INVALID_INPUT
    assert json.loads(result.stdout)["error"]["code"] == "run-not-found"
