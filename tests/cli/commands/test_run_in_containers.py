"""`greenroom run` with a real server and real containers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from testing.live_server import LiveServer

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import http.server, json, os, sys, threading, time
print("given:", os.environ.get("GIVEN"), os.environ["ACTOR_PERMISSION_LEVEL"], os.environ["ACTOR_MEMORY_MBYTES"])
if os.environ.get("SERVES"):
    address = ("0.0.0.0", int(os.environ["ACTOR_WEB_SERVER_PORT"]))
    server = http.server.ThreadingHTTPServer(address, http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
if os.environ.get("WAITS"):
    time.sleep(600)
sys.exit(int(os.environ.get("CODE", "0")))
"""
SCHEMA = {
    "title": "Input",
    "type": "object",
    "schemaVersion": 1,
    "properties": {"n": {"title": "N", "type": "integer", "description": "d", "editor": "number", "prefill": 7}},
    "required": ["n"],
}
URL = re.compile(r"http://\S+")


@pytest.fixture
def actor(tmp_path: Path) -> Path:
    folder = tmp_path / "runner"
    (folder / ".actor").mkdir(parents=True)
    definition = {"actorSpecification": 1, "name": "runner", "version": "0.1", "input": SCHEMA}
    (folder / ".actor/actor.json").write_text(json.dumps(definition))
    (folder / "Dockerfile").write_text(
        'FROM apify/actor-python:3.13\nCOPY main.py ./\nCMD ["python3", "-u", "main.py"]\n'
    )
    (folder / "main.py").write_text(PROGRAM)
    return folder


def arguments(server: LiveServer, actor: Path | str, *options: str) -> list[str]:
    return [sys.executable, "-m", "cli", "run", str(actor), "--data-dir", str(server.data_dir), *options]


def run(server: LiveServer, actor: Path | str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments(server, actor, *options), cwd=ROOT, capture_output=True, text=True)


def test_options_reach_the_container_and_the_urls_of_the_results_work(server: LiveServer, actor: Path) -> None:
    done = run(server, actor, "--prefill", "-m", "0.25g", "--env", "GIVEN=a b", "--permission", "full")
    assert done.returncode == 0, done.stderr
    assert "given: a b FULL_PERMISSIONS 256" in done.stdout
    urls = URL.findall(done.stdout)
    assert len(urls) == 3
    bodies = [urllib.request.urlopen(url).read().decode() for url in urls]
    assert "INPUT" in bodies[1] and "given: a b" in bodies[2]
    report = subprocess.run(
        [sys.executable, "-m", "cli", "report", "runner", "--json", "--data-dir", str(server.data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    memory = json.loads(report.stdout)["memory"]
    assert memory["limitBytes"] == 256 << 20 and memory["peakBytes"]["basis"] == "measured"
    again = run(server, actor, "--no-build", "-i", '{"n": 1}', "--permission", "limited")
    assert "given: None LIMITED_PERMISSIONS" in again.stdout
    assert "Building" not in again.stderr


def test_an_invalid_input_is_rejected_without_a_build(server: LiveServer, actor: Path) -> None:
    before = server.data("GET", "actor-builds")["total"]
    for options in ([], ["-i", '{"n": "x"}'], ["-i", '{"n": 1}', "--timeout", "99999999999999999999"]):
        assert run(server, actor, *options).returncode == 5
    assert server.data("GET", "actor-builds")["total"] == before


def test_an_own_exit_code_is_not_that_of_an_abort(server: LiveServer, actor: Path) -> None:
    codes = [run(server, actor, "--prefill", "--env", f"CODE={code}").returncode for code in (3, 4)]
    assert codes == [1, 4]


def test_the_run_of_a_closed_pipe_is_aborted(server: LiveServer, actor: Path) -> None:
    options = ("--prefill", "--env", "WAITS=1")
    process = subprocess.Popen(
        arguments(server, actor, *options), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    for line in process.stdout:
        if "given:" in line:
            break
    process.stdout.close()
    assert process.wait() == 3
    assert server.data("GET", "acts/me~runner/runs/last")["status"] == "ABORTED"


def test_the_web_server_can_be_called_as_soon_as_its_url_is_printed(server: LiveServer, actor: Path) -> None:
    process = subprocess.Popen(
        arguments(server, actor, "--prefill", "--env", "WAITS=1", "--env", "SERVES=1"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    line = next(line for line in process.stderr if "web server answers" in line)
    assert urllib.request.urlopen(URL.findall(line)[0]).status == 200
    process.terminate()
    process.stderr.close()
    assert process.wait() == 3


def test_a_repository_can_be_run(server: LiveServer, actor: Path) -> None:
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, "-C", str(actor.parent), *command], check=True)
    done = run(server, f"file://{actor.parent}#main:runner", "--prefill", "--env", "GIVEN=git")
    assert (done.returncode, "given: git" in done.stdout) == (0, True), done.stderr
    absent = run(server, f"file://{actor.parent}#main:absent", "--json")
    assert (absent.returncode, "no folder 'absent'" in json.loads(absent.stdout)["error"]["message"]) == (5, True)
