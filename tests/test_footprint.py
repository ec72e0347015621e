"""What a server loads before its first requests. The times and the memory are measured by `benchmarks/footprint.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FEW_SERVERS_NEED = {
    "aiohttp": "webhooks and downloads",
    "charset_normalizer": "nothing",
    "cryptography": "secrets",
    "google.protobuf": "builds with BuildKit",
    "grpclib": "builds with BuildKit that have secrets",
    "httpx": "commands that find a running server",
    "jsonschema_rs": "validations",
    "pathspec": "builds from a local folder",
    "pyjson5": "definitions of Actors",
    "re2": "builds with .dockerignore",
    "regress": "patterns of input schemas",
    "runtime.explanations.causes": "explanations",
    "runtime.memory_expressions.parser": "Actors with a memory expression",
    "xlsxwriter": "Excel exports",
}
"""Large modules, and what loads them later."""
START = """
import sys
import cli.commands.up
import api.server
import api.app
print(*(name for name, module in sys.modules.items() if module is not None))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that `greenroom up` has imported when it serves requests."""
    result = subprocess.run([sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize("name", FEW_SERVERS_NEED)
def test_a_server_starts_without_what_few_servers_need(loaded: set[str], name: str) -> None:
    assert name not in loaded, f"It is for {FEW_SERVERS_NEED[name]}."
