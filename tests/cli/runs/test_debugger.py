"""The port of a debugger, and how to attach to it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli.client import Client
from cli.runs.debugger import DEFAULT_PORTS, Debugger
from cli.runs.target import RunTarget


def attach(language: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The chosen port and the printed text."""
    info = {"language": language, "workingFolder": "/app"}
    client = cast(Client, SimpleNamespace(development=SimpleNamespace(debugger=lambda build: info)))
    debugger = Debugger(client, Path("/home/me/actor"))
    target = debugger.waits_in(RunTarget({}, {"id": "b"}, {"build": "0.0.1"}, None))
    assert target.params["build"] == "0.0.1"
    return int(target.params["greenroomDebugPort"]), capsys.readouterr().err


@pytest.mark.parametrize(("language", "types"), [("python", ["debugpy"]), ("node", ["node"])])
def test_the_printed_configuration_maps_the_folder(
    language: str, types: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    port, text = attach(language, capsys)
    assert text.startswith(f"Attach a debugger to 127.0.0.1:{port} (")
    configuration: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert [configuration["type"]] == types
    assert str(port) in json.dumps(configuration) and "PyCharm" in text
    mapping = configuration.get("pathMappings", [configuration])[0]
    assert (mapping["localRoot"], mapping["remoteRoot"]) == ("/home/me/actor", "/app")


def test_a_port_that_is_in_use_is_replaced(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        wanted = occupied.getsockname()[1]
        monkeypatch.setitem(DEFAULT_PORTS, "unknown", wanted)
        port, text = attach("unknown", capsys)
    assert port != wanted and "debugpy" in text and "Node.js" in text
