"""The debugger of `greenroom run --debug`: a free port, and how to attach an editor to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from cli.client import Client
from cli.runs.target import RunTarget
from cli.server.ports import free_port
from cli.terminal import print_message
from runtime.base.json_text import JsonDict

HOST = "127.0.0.1"
DEFAULT_PORTS = {"node": 9229, "python": 5678, "unknown": 5678}
"""The ports that the debuggers of editors propose."""
PROTOCOLS = {"node": "Node.js inspector", "python": "debugpy", "unknown": "debugpy or the Node.js inspector"}


class Debugger:
    """The debugger of one command. All runs of the command use the same port, so that an editor is set up once."""

    def __init__(self, client: Client, folder: Path | None) -> None:
        self._client = client
        self._folder = folder
        self._port: int | None = None

    def waits_in(self, target: RunTarget) -> RunTarget:
        """Let the run wait for a debugger, and print how to attach one. Raises CommandError."""
        info = self._client.development.debugger(target.build["id"])
        if self._port is None:
            self._port = free_port(DEFAULT_PORTS[info["language"]])
            print_message(_instructions(info, self._port, self._folder))
        else:
            print_message(f"Attach the debugger to {HOST}:{self._port} again. The Actor starts when it is attached.")
        return replace(target, params={**target.params, "greenroomDebugPort": self._port})


def _instructions(info: JsonDict, port: int, folder: Path | None) -> str:
    language, remote = info["language"], info["workingFolder"]
    local = str(folder) if folder is not None else "${workspaceFolder}"
    parts = [
        f"Attach a debugger to {HOST}:{port} ({PROTOCOLS[language]}). The Actor starts when it is attached.",
        *(_python(port, local, remote) if language != "node" else []),
        *(_node(port, local, remote) if language != "python" else []),
    ]
    return "\n".join(parts)


def _python(port: int, local: str, remote: str) -> list[str]:
    configuration = {
        "name": "Greenroom (Python)",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": HOST, "port": port},
        "pathMappings": [{"localRoot": local, "remoteRoot": remote}],
    }
    return [
        "VS Code, one of the configurations in .vscode/launch.json:",
        json.dumps(configuration, indent=2),
        f"PyCharm: Run > Edit Configurations > + > Attach to DAP: host {HOST}, port {port},"
        f" path mapping {local} = {remote}",
    ]


def _node(port: int, local: str, remote: str) -> list[str]:
    configuration = {
        "name": "Greenroom (Node.js)",
        "type": "node",
        "request": "attach",
        "address": HOST,
        "port": port,
        "localRoot": local,
        "remoteRoot": remote,
    }
    return [
        "VS Code, one of the configurations in .vscode/launch.json:",
        json.dumps(configuration, indent=2),
        f"WebStorm, PyCharm: Run > Edit Configurations > + > Attach to Node.js/Chrome: host {HOST}, port {port},"
        f" remote URL of {local} = {remote}",
        f"Chrome: chrome://inspect, with {HOST}:{port} among its targets",
    ]
