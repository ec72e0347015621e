"""The tests also pass when a script runs them as a background job, which ignores SIGINT."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parent.parent
INTERRUPTING = "tests/cli/commands/test_run.py::test_a_second_interrupt_exits_immediately"


def test_commands_that_tests_start_can_be_interrupted() -> None:
    ignoring_sigint = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", "-o", "timeout=60", INTERRUPTING]
    done = subprocess.run([*ignoring_sigint, *pytest], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
