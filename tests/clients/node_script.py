"""Node.js scripts that use the platform's own packages. One process handles many requests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "scripts"


class NodeScript:
    """A script in `scripts/` that responds to each line of JSON with a line of JSON.

    It takes a second to start, because it loads and compiles the packages.
    """

    def __init__(self, name: str) -> None:
        command = ["node", str(SCRIPTS / name)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def respond(self, request: Any) -> Any:
        """Send a request and return the response.

        Raises an AssertionError if the script ended without a response; its stderr shows the reason.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the script ended with exit code {self._process.wait()}"
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate()
