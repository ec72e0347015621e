"""A script in Node.js that uses the platform's own packages, started once for many questions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "scripts"


class NodeScript:
    """One of `scripts/` that answers lines of JSON. Its start takes a second: it loads and compiles the packages."""

    def __init__(self, name: str) -> None:
        command = ["node", str(SCRIPTS / name)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self, question: Any) -> Any:
        """What the script makes of this. Raises where it ended without an answer; why is on its stderr."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the script ended with exit code {self._process.wait()}"
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate()
