"""Local folders as the source of runs."""

from __future__ import annotations

from collections.abc import Iterable

from cli.client.transport import Transport
from runtime.base.json_text import JsonDict

JUDGE_SECS = 60.0


class DevelopmentClient:
    """The server's local controls for folders whose files runs mount over those of their images."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def folder(self, actor_id: str) -> str | None:
        """Return the folder that the Actor's runs mount."""
        folder: str | None = self._transport.request("GET", _path(actor_id)).json()["folder"]
        return folder

    def set_folder(self, actor_id: str, folder: str) -> None:
        self._transport.request("PUT", _path(actor_id), json={"folder": folder})

    def clear_folder(self, actor_id: str) -> None:
        self._transport.request("DELETE", _path(actor_id))

    def judge_changes(self, build_id: str, paths: Iterable[str]) -> JsonDict:
        """Return what the changes need, as `need`: `nothing`, `restart` or `rebuild`."""
        path = f"/greenroom/builds/{build_id}/source-changes"
        return self._transport.local("POST", path, JUDGE_SECS, json={"paths": list(paths)})

    def debugger(self, build_id: str) -> JsonDict:
        """Return the `language` that can be debugged in runs of the build, and the `workingFolder` in the container."""
        info: JsonDict = self._transport.request("GET", f"/greenroom/builds/{build_id}/debugger").json()
        return info


def _path(actor_id: str) -> str:
    return f"/greenroom/actors/{actor_id}/dev-folder"
