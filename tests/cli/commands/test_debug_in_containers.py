"""`greenroom run --debug` with real containers: real debuggers stop at a breakpoint, and the Actor continues."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.live_server import LiveServer
from tests.cli.debug_clients import DapClient, InspectorClient, attached

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[3]
REMOTE = "/usr/src/app"
PYTHON = "import time\nanswer = 41\nprint('the answer is', answer + 1)\n"
JAVASCRIPT = "const answer = 41;\nconsole.log('the answer is', answer + 1);\n"
PYTHON_COMMANDS = {
    "direct": '["python3", "-S", "-m", "main"]',
    "shell": '["sh", "-c", "./start.sh && echo ended"]',
}


def an_actor(folder: Path, dockerfile: str, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in {"Dockerfile": dockerfile, **files}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@contextmanager
def debugging(server: LiveServer, folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the command, and yield it with the port that it prints."""
    command = [sys.executable, "-m", "cli", "run", "--debug", str(folder), "--data-dir", str(server.data_dir)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        attach_line = next(line for line in process.stdout if line.startswith("Attach a debugger to 127.0.0.1:"))
        yield process, int(re.findall(r":(\d+)", attach_line)[0])
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("kind", PYTHON_COMMANDS)
def test_python_stops_at_a_breakpoint(server: LiveServer, tmp_path: Path, kind: str) -> None:
    files = {"main.py": PYTHON, "start.sh": "#!/bin/sh\nexec python3 -u main.py\n"}
    folder = an_actor(tmp_path / kind, f"FROM apify/actor-python:3.13\nCOPY . ./\nCMD {PYTHON_COMMANDS[kind]}\n", files)
    file = str(folder / "main.py")
    with debugging(server, folder) as (process, port):
        with attached(lambda: DapClient(port)) as debugger:
            frame = debugger.stop_at(str(folder), REMOTE, file, 3)
            assert (frame["source"]["path"], frame["line"]) == (file, 3)
            assert debugger.evaluate("answer", frame) == "41"
            debugger.resume()
        output, _ = process.communicate(timeout=60)
    assert "the answer is 42" in output and process.returncode == 0
    assert "before a debugger could attach" not in output


def test_node_stops_at_a_breakpoint_behind_npm(server: LiveServer, tmp_path: Path) -> None:
    files = {"main.mjs": JAVASCRIPT, "package.json": '{"scripts": {"start": "node main.mjs"}}'}
    dockerfile = 'FROM apify/actor-node:20\nCOPY . ./\nCMD ["npm", "start", "--silent"]\n'
    with debugging(server, an_actor(tmp_path / "javascript", dockerfile, files)) as (process, port):
        with attached(lambda: InspectorClient(port)) as debugger:
            frame = debugger.stop_at(f"file://{REMOTE}/main.mjs", 2)
            assert debugger.evaluate("answer", frame) == 41
            debugger.resume()
        output, _ = process.communicate(timeout=60)
    assert "the answer is 42" in output and process.returncode == 0
    assert "before a debugger could attach" not in output


def test_a_command_that_no_debugger_can_attach_to_is_reported(server: LiveServer, tmp_path: Path) -> None:
    dockerfile = "FROM apify/actor-node:20\nRUN mkdir -p node_modules/.bin\nCOPY x.js node_modules/.bin/ts-node\n"
    folder = an_actor(tmp_path / "unknown", f'{dockerfile}CMD ["node", "node_modules/.bin/ts-node"]\n', {"x.js": ""})
    with debugging(server, folder) as (process, _):
        output, _ = process.communicate(timeout=60)
    assert "before a debugger could attach. The image starts `" in output and "tsx instead of ts-node" in output
    assert process.returncode == 0
