"""`greenroom run --watch` and `greenroom push --dev` with a real server and real containers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.live_server import LiveServer
from tests.cli.debug_clients import DapClient, attached

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[3]
PYTHON_DOCKERFILE = """
FROM apify/actor-python:3.13
RUN mkdir node_modules dist && touch node_modules/of-image dist/compiled && echo 'exec python3 -u main.py' >entry.sh
COPY . ./
CMD ["sh", "entry.sh"]
"""
LISTING = "import os; print('found:', *sorted(os.listdir()), *os.listdir('node_modules'), *os.listdir('dist'))\n"
COMPILED_DOCKERFILE = """
FROM apify/actor-node:20
RUN mkdir -p node_modules/typescript
COPY . ./
RUN mkdir dist && cp src/main.ts dist/main.js
CMD ["node", "dist/main.js"]
"""
PACKAGE = '{"scripts": {"build": "cp src/main.ts dist/main.js"}}'


class Output:
    """The output of a process, whose lines a test awaits in order."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._seen = 0
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def wait_for(self, text: str) -> str:
        """Return the next line that contains the text."""

        def found() -> int | None:
            return next((i for i in range(self._seen, len(self.lines)) if text in self.lines[i]), None)

        with self._arrived:
            assert self._arrived.wait_for(lambda: found() is not None, 60), (text, self.lines)
            self._seen = (found() or 0) + 1
            return self.lines[self._seen - 1]

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            with self._arrived:
                self.lines.append(line.rstrip())
                self._arrived.notify_all()


def command(server: LiveServer, *words: str | Path) -> list[str]:
    return [sys.executable, "-m", "cli", *map(str, words), "--data-dir", str(server.data_dir)]


@contextmanager
def watching(server: LiveServer, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Output]]:
    process = subprocess.Popen(
        command(server, "run", "--watch", *options, folder),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, Output(process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "Dockerfile").write_text(PYTHON_DOCKERFILE)
    (folder / ".dockerignore").write_text("secret\n")
    for name in ("node_modules", "storage", ".git"):
        (folder / name).mkdir()
        (folder / name / "of-host").touch()
    (folder / "secret").touch()
    (folder / "main.py").write_text(LISTING + "print('first')")
    return folder


def test_a_change_starts_a_new_run_with_the_files_of_the_folder_and_of_the_image(
    server: LiveServer, folder: Path
) -> None:
    with watching(server, folder) as (process, output):
        output.wait_for("first")
        output.wait_for("SUCCEEDED: Actor finished with exit code 0. Waiting for changes.")
        (folder / "added.py").write_text("print('added'); open('written', 'w').close()")
        (folder / "main.py").write_text(LISTING + "import added, time; print('second', flush=True); time.sleep(600)")
        listed = output.wait_for("found:").split()
        assert {"entry.sh", "main.py", "of-image", "compiled"} <= {*listed}
        assert not {"of-host", "secret", "storage", ".git"} & {*listed}
        output.wait_for("second")
        (folder / "main.py").write_text("import missing")
        output.wait_for("ModuleNotFoundError")
        output.wait_for("FAILED: Actor finished with exit code 1. Waiting for changes.")
        (folder / "requirements.txt").touch()
        output.wait_for("Changed: requirements.txt. Building again.")
        output.wait_for("ModuleNotFoundError")
        (folder / "main.py").write_text("import time; print('last', flush=True); time.sleep(600)")
        output.wait_for("last")
        process.send_signal(signal.SIGINT)
        output.wait_for("ABORTED: Actor was aborted.")
        assert process.wait(30) == 0
    statuses = [run["status"] for run in server.data("GET", "actor-runs")["items"]]
    assert not {"RUNNING", "READY"} & {*statuses}
    assert not (folder / "written").exists()
    assert [path.name for path in (folder / "node_modules").iterdir()] == ["of-host"]


def test_each_run_of_the_loop_waits_for_the_debugger_at_the_same_port(server: LiveServer, folder: Path) -> None:
    (folder / "main.py").write_text("answer = 41\nprint(answer)\n")
    with watching(server, folder, "--debug", "-m", "512") as (process, output):
        port = int(re.findall(r":(\d+)", output.wait_for("Attach a debugger to 127.0.0.1:"))[0])
        with attached(lambda: DapClient(port)) as debugger:
            debugger.stop_at(str(folder), "/usr/src/app", str(folder / "main.py"), 2)
            (folder / "main.py").write_text("answer = 42\nprint(answer)\n")
            output.wait_for(f"Attach the debugger to 127.0.0.1:{port} again.")
        with attached(lambda: DapClient(port)) as debugger:
            frame = debugger.stop_at(str(folder), "/usr/src/app", str(folder / "main.py"), 2)
            assert debugger.evaluate("answer", frame) == "42"
            debugger.resume()
        output.wait_for("SUCCEEDED: Actor finished with exit code 0. Waiting for changes.")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_build_that_fails_is_repeated_after_the_next_change(server: LiveServer, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM apify/actor-python:3.13\nRUN false\n")
    with watching(server, folder) as (process, output):
        output.wait_for("finished with status FAILED")
        output.wait_for("Waiting for changes.")
        (folder / "Dockerfile").write_text(PYTHON_DOCKERFILE)
        output.wait_for("first")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_registered_folder_is_compiled_and_run_for_every_client(server: LiveServer, tmp_path: Path) -> None:
    folder = tmp_path / "typed"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text(COMPILED_DOCKERFILE)
    (folder / "package.json").write_text(PACKAGE)
    (folder / "tsconfig.json").write_text("{}")
    (folder / "src/main.ts").write_text("console.log('pushed')")
    subprocess.run(command(server, "push", "--dev", folder), cwd=ROOT, check=True, capture_output=True)
    (folder / "src/main.ts").write_text("console.log('edited')")

    def log_of_run(query: str = "") -> str:
        run = server.data("POST", f"actors/me~typed/runs?waitForFinish=60&memory=4096{query}")
        assert run["status"] == "SUCCEEDED"
        return server.text(f"logs/{run['id']}")

    edited = log_of_run()
    assert "edited" in edited and f"The files of {folder} are mounted" in edited
    assert "pushed" in log_of_run("&devFolder=false")
    subprocess.run(command(server, "push", folder), cwd=ROOT, check=True, capture_output=True)
    (folder / "src/main.ts").write_text("console.log('edited again')")
    assert "edited again" not in log_of_run()
