"""The unmodified `apify` command, which only environment variables direct to a Greenroom server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.api_client import SAMPLES
from testing.live_server import LiveServer

APIFY = Path(__file__).parent / "node_modules" / ".bin" / "apify"
COMMAND_SECS = 150
COLORS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command. `text` is the output on both streams, without colors."""

    stdout: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class Apify:
    """The `apify` command in a folder with the Actor's source."""

    def __init__(self, server: LiveServer, home: Path, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "APIFY_CLIENT_BASE_URL": server.url,
            "APIFY_CONSOLE_URL": server.url,
            "APIFY_DISABLE_KEYRING": "1",
            "APIFY_CLI_DISABLE_TELEMETRY": "1",
            "APIFY_CLI_SKIP_UPDATE_CHECK": "1",
        }

    def __call__(self, *words: str, code: int | None = 0, folder: Path | None = None) -> Done:
        """Run the command and assert its exit code. If `code` is None, any exit code is accepted."""
        done = subprocess.run(
            [str(APIFY), *words],
            cwd=folder or self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECS,
        )
        text = COLORS.sub("", done.stdout + done.stderr)
        assert code in (None, done.returncode), f"apify {' '.join(words)} ended with {done.returncode}:\n{text}"
        return Done(done.stdout, text)

    def interrupted(self, *words: str, at: str, folder: Path | None = None) -> tuple[int, str]:
        """Run a command and send SIGINT when it prints a line with `at`. Return its exit code and its output."""
        with self.started(*words, folder=folder) as process:
            text = read_until(at, process)
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=COMMAND_SECS)
        return process.returncode, text + rest

    @contextmanager
    def started(self, *words: str, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
        """Start the command with both output streams in one. It is killed in the end, unless it has ended before."""
        with subprocess.Popen(
            [str(APIFY), *words],
            cwd=folder or self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def read_until(part: str, process: subprocess.Popen[str]) -> str:
    """Read the command's output to the first line that contains `part`, and return it."""
    assert process.stdout
    text = ""
    while part not in text:
        line = process.stdout.readline()
        assert line, text
        text += line
    return text


def create_source(folder: Path, **fields: Any) -> None:
    """Write the source of the sample Actor hello, with these fields of actor.json."""
    shutil.copytree(SAMPLES / "hello", folder)
    path = folder / ".actor" / "actor.json"
    definition = json.loads(path.read_text())
    path.write_text(json.dumps({**definition, **fields}))
