"""Actors and their versions."""

from __future__ import annotations

from cli.client.transport import Transport, first_items
from runtime.base.json_text import Json, JsonDict

MAX_LISTED = 1000
"""The most Actors in one response."""


class ActorsClient:
    """Actors and their versions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def find(self, actor_id: str) -> JsonDict | None:
        """Return the Actor with this id or `username~name`."""
        return self._transport.find(f"/v2/actors/{actor_id}")

    def list(self, limit: int) -> tuple[list[JsonDict], int]:
        """Return the Actors that ran last, in as many requests as necessary, and the number of all."""

        def fetch(offset: int, limit: int) -> JsonDict:
            params = {"sortBy": "stats.lastRunStartedAt", "desc": 1, "limit": limit, "offset": offset}
            return self._transport.data("GET", "/v2/actors", params=params)

        return first_items(limit, MAX_LISTED, fetch)

    def create(self, actor: JsonDict) -> JsonDict:
        return self._transport.data("POST", "/v2/actors", json=actor)

    def publish(self, actor_id: str, **fields: Json) -> JsonDict:
        """Make an Actor public and set other fields of it; return the Actor."""
        return self._transport.data("PUT", f"/v2/actors/{actor_id}", json={"isPublic": True, **fields})

    def find_version(self, actor_id: str, number: str) -> JsonDict | None:
        return self._transport.find(f"/v2/actors/{actor_id}/versions/{number}")

    def create_version(self, actor_id: str, version: JsonDict) -> None:
        self._transport.data("POST", f"/v2/actors/{actor_id}/versions", json=version)

    def update_version(self, actor_id: str, version: JsonDict) -> None:
        self._transport.data("PUT", f"/v2/actors/{actor_id}/versions/{version['versionNumber']}", json=version)
