"""A client of /greenroom/events that talks to the application without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Message

from tests.fakes.api import Api


@dataclass(frozen=True, slots=True)
class Received:
    id: str
    name: str
    data: Any


class EventClient:
    """Reads one stream. While `may_read` is cleared, it accepts nothing, as a browser whose network is slow.

    `headers` replace the token, as those of a browser with a session do.
    """

    def __init__(
        self,
        api: Api,
        query: str,
        *,
        token: str = "ann",
        last_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = 0
        self.text = ""
        self.may_read = asyncio.Event()
        self.may_read.set()
        self._api = api
        self._query = query
        credentials = {"authorization": f"Bearer {token}"} if headers is None else headers
        self._headers = {
            "host": f"localhost:{api.settings.port}",
            **{name.lower(): value for name, value in credentials.items()},
        }
        if last_id is not None:
            self._headers["last-event-id"] = last_id
        self._disconnected = asyncio.Event()

    async def open(self) -> EventClient:
        self._call = asyncio.create_task(self._api.app(self._scope(), self._receive, self._send))
        await self._api.clock.settle()
        return self

    async def close(self) -> None:
        self._disconnected.set()
        await self._call
        await self._api.clock.settle()

    @property
    def is_open(self) -> bool:
        return not self._call.done()

    @property
    def events(self) -> list[Received]:
        blocks = (dict(line.split(": ", 1) for line in block.split("\n")) for block in self.text.split("\n\n") if block)
        return [Received(each["id"], each["event"], json.loads(each["data"])) for each in blocks if "event" in each]

    def named(self, name: str) -> list[Any]:
        """The data of all events with this name."""
        return [event.data for event in self.events if event.name == name]

    @property
    def connection(self) -> str:
        return str(self.named("hello")[0]["connection"])

    def _scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "method": "GET",
            "path": "/greenroom/events",
            "raw_path": b"/greenroom/events",
            "query_string": self._query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in self._headers.items()],
            "client": ("127.0.0.1", 1),
        }

    async def _receive(self) -> Message:
        await self._disconnected.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        await self.may_read.wait()
        self.text += message.get("body", b"").decode()


async def listen(api: Api, *topics: str, token: str = "ann", last_id: str | None = None) -> EventClient:
    """A client that listens to these topics."""
    return await EventClient(api, f"topics={','.join(topics)}", token=token, last_id=last_id).open()
