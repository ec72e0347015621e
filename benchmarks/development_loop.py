"""The time from saving a changed line of an SDK Actor to its first log line.

The contenders are `greenroom run --watch`, a new build with `greenroom run`, and, for JavaScript, `apify run`, which
starts the Actor without a container. They alternate, so that noise affects all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import show
from testing.live_server import ROOT, LiveServer

ROUNDS = 7
PATIENCE_SECS = 120
APIFY = ROOT / "tests/clients/node_modules/.bin/apify"
MARK = "line of round"


@dataclass(frozen=True, slots=True)
class Language:
    """An Actor that uses the SDK in its base image. The program contains MARK, which each round changes."""

    image: str
    command: str
    main: str
    program: str


PYTHON = Language(
    "apify/actor-python:3.13",
    '["python3", "-u", "main.py"]',
    "main.py",
    "import asyncio\nfrom apify import Actor\nasync def main():\n    async with Actor:\n"
    f"        print('{MARK}', flush=True)\n        await asyncio.sleep(600)\nasyncio.run(main())\n",
)
JAVASCRIPT = Language(
    "apify/actor-node:20",
    '["node", "main.mjs"]',
    "main.mjs",
    f"import {{ Actor }} from 'apify';\nawait Actor.init();\nconsole.log('{MARK}');\nawait Actor.exit();\n",
)


def measure(server: LiveServer) -> None:
    for name, language in {"Python": PYTHON, "JavaScript": JAVASCRIPT}.items():
        with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as place:
            show(f"From saving a line ({name} SDK) to its first output", "ms", _millis(server, Path(place), language))


def _millis(server: LiveServer, place: Path, language: Language) -> Mapping[str, list[float]]:
    run = [sys.executable, "-m", "cli", "run", "--memory", "1024", "--data-dir", str(server.data_dir)]
    watched, built, local = (_folder(place / name, language) for name in ("watched", "built", "local"))
    with ExitStack() as processes:
        watching = processes.enter_context(_output([*run, "--watch", str(watched)], ROOT))
        watching.wait_for(MARK)
        contenders = {"run --watch": (watched, watching, None), "build and run": (built, None, [*run, str(built)])}
        if language is JAVASCRIPT and APIFY.exists():
            _copy_packages(language.image, local)
            contenders["apify run"] = (local, None, [str(APIFY), "run"])
        results: dict[str, list[float]] = {name: [] for name in contenders}
        for number in range(ROUNDS):
            for name, (folder, output, command) in contenders.items():
                results[name].append(_round(folder, language, f"{MARK} {number}", output, command))
    return results


def _round(folder: Path, language: Language, mark: str, output: _Output | None, command: list[str] | None) -> float:
    """Save a changed line, run the command if it does not watch the folder, and return the time until the output."""
    started = time.monotonic()
    (folder / language.main).write_text(language.program.replace(MARK, mark))
    if output is not None:
        output.wait_for(mark)
        return (time.monotonic() - started) * 1000
    with _output(command or [], folder if command and command[0] == str(APIFY) else ROOT) as own:
        own.wait_for(mark)
        return (time.monotonic() - started) * 1000


class _Output:
    """The output of a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._text = ""
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def wait_for(self, text: str) -> None:
        with self._arrived:
            if not self._arrived.wait_for(lambda: text in self._text, PATIENCE_SECS):
                raise AssertionError(f"{text!r} is missing in:\n{self._text}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            with self._arrived:
                self._text += line
                self._arrived.notify_all()


@contextmanager
def _output(command: list[str], folder: Path) -> Iterator[_Output]:
    """Run a command, and end it with its run."""
    environment = {**os.environ, "APIFY_DISABLE_TELEMETRY": "1", "APIFY_CLI_SKIP_UPDATE_CHECK": "1"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield _Output(process)
    finally:
        process.terminate()
        process.wait()


def _folder(folder: Path, language: Language) -> Path:
    (folder / ".actor").mkdir(parents=True)
    (folder / ".actor/actor.json").write_text(f'{{"actorSpecification": 1, "name": "{folder.name}", "version": "0.0"}}')
    (folder / "Dockerfile").write_text(f"FROM {language.image}\nCOPY . ./\nCMD {language.command}\n")
    (folder / "package.json").write_text('{"scripts": {"start": "node main.mjs"}}')
    (folder / language.main).write_text(language.program)
    return folder


def _copy_packages(image: str, folder: Path) -> None:
    """Copy the packages of the image, so that `apify run` uses the same SDK."""
    container = subprocess.check_output(["docker", "create", image, "x"], text=True).strip()
    try:
        subprocess.run(["docker", "cp", "-q", f"{container}:/usr/src/app/node_modules", str(folder)], check=True)
    finally:
        subprocess.run(["docker", "rm", "-f", container], check=True, stdout=subprocess.DEVNULL)
