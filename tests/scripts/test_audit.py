from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNREACHABLE = "exit 1"
PIP_AUDIT = """
[ "$2" = venv ] || exit 1
mkdir -p "$3/bin"
printf '#!/bin/sh\\n' > "$3/bin/pip"
printf '#!/bin/sh\\necho "Found 1 known vulnerability in 1 package"\\nexit 1\\n' > "$3/bin/pip-audit"
chmod +x "$3/bin/pip" "$3/bin/pip-audit"
"""
"""A `python3` that creates an environment with a pip-audit that finds something."""


@pytest.mark.parametrize(
    ("python", "npm", "code", "lines"),
    [
        (UNREACHABLE, "echo 'npm error audit endpoint returned an error'; exit 1", 0, ["days old", "days old"]),
        (UNREACHABLE, "echo 'found 0 vulnerabilities'", 0, ["days old", "found 0 vulnerabilities"]),
        (UNREACHABLE, "echo '3 high severity vulnerabilities'; exit 1", 1, ["days old", "3 high severity"]),
        (PIP_AUDIT, "echo 'found 0 vulnerabilities'", 1, ["Found 1 known vulnerability", "found 0"]),
    ],
)
def test_only_vulnerabilities_fail_the_audit(
    tmp_path: Path, python: str, npm: str, code: int, lines: list[str]
) -> None:
    for name, script in (("python3", python), ("npm", npm)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    result = subprocess.run(
        [ROOT / "scripts" / "audit.sh"], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert result.returncode == code, result.stdout + result.stderr
    shown = result.stdout.splitlines()
    assert len(shown) == len(lines) and all(part in line for part, line in zip(lines, shown, strict=True)), shown
