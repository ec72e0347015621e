"""Fields of the engine's responses."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from runtime.containers import ContainerProcess
from runtime.containers.response_fields import container_processes, modified_at


@pytest.mark.parametrize(
    ("titles", "row", "parent"),
    [
        (
            ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
            ["0", "7", "3", "0", "10:00", "?", "0", "sh a"],
            3,
        ),
        (["PID", "USER", "TIME", "COMMAND"], ["7", "root", "0:00", "sh a"], 0),
    ],
)
def test_the_command_is_the_last_column(titles: list[str], row: list[str], parent: int) -> None:
    found = container_processes({"Titles": titles, "Processes": [row]})
    assert found == [ContainerProcess(pid=7, parent=parent, command="sh a")]
    assert container_processes({"Titles": titles, "Processes": None}) == []


def test_the_time_of_a_file() -> None:
    description: dict[str, Any] = {"name": "a", "size": 0, "mode": 420, "mtime": "2026-01-01T01:00:00.5+01:00"}
    header = base64.b64encode(json.dumps(description).encode()).decode()
    assert modified_at({"X-Docker-Container-Path-Stat": header}) == 1_767_225_600_500
