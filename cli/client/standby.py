"""Standby: the Actors and tasks with addresses of their own."""

from __future__ import annotations

from urllib.parse import quote

from cli.client.transport import RESPONSE_SECS, Transport
from runtime.base.json_text import JsonDict

WARM_UP_SECS = 150.0
"""Longer than the server waits for a run to get ready."""


class StandbyClient:
    """The Standby of the user's Actors and tasks."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> list[JsonDict]:
        items: list[JsonDict] = self._transport.local("GET", "/greenroom/standby", RESPONSE_SECS)["items"]
        return items

    def find(self, reference: str) -> JsonDict | None:
        """Return what a label, a name or an id names. Names of Actors take precedence over those of tasks."""
        items = self.list()
        for names in (_names_of_actor, _names_of_task):
            for item in items:
                if reference in names(item):
                    return item
        return None

    def warm_up(self, item: JsonDict) -> JsonDict:
        """Start a run unless one is live, wait until it is ready, and return its id and the address."""
        return self._transport.local("POST", f"{_path(item)}/warm-up", WARM_UP_SECS)

    def stop(self, item: JsonDict) -> JsonDict:
        """Stop the runs, and return their ids."""
        return self._transport.local("POST", f"{_path(item)}/stop", RESPONSE_SECS)


def _path(item: JsonDict) -> str:
    kind, id = ("actors", item["actorId"]) if item["taskId"] is None else ("actor-tasks", item["taskId"])
    return f"/greenroom/{kind}/{quote(id, safe='')}/standby"


def _names_of_actor(item: JsonDict) -> set[str]:
    if item["taskId"] is not None:
        return {item["label"]}
    name = str(item["actorName"])
    return {item["label"], item["actorId"], name, name.partition("/")[2]}


def _names_of_task(item: JsonDict) -> set[str]:
    return set() if item["taskId"] is None else {item["taskId"], item["taskName"]}
