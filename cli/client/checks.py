"""Checks of an Actor's source and of a run, before the Actor is built."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from cli.client.transport import RESPONSE_SECS, Transport
from runtime.base.json_text import JsonDict, dumps

FETCH_SECS = 660.0
"""A little longer than the server's own limit for fetching a git repository."""
JSON_BODY = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """The content of actor.json, with the schemas that it names, and the input schema, or None without one."""

    document: JsonDict
    input_schema: JsonDict | None


class ChecksClient:
    """The server's local controls that read a source and check a start. Both raise ApiError if they find a problem."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read_definition(self, version: JsonDict) -> SourceDefinition:
        """Return the checked definition in the source of a version."""
        timeout = httpx.Timeout(RESPONSE_SECS, read=FETCH_SECS)
        response = self._transport.request("POST", "/greenroom/read-definition", json=version, timeout=timeout).json()
        return SourceDefinition(response["document"], response["inputSchema"])

    def check_start(self, definition: SourceDefinition, params: JsonDict, body: bytes | None) -> None:
        """Check the options and the input (JSON) of a run."""
        content = [b'"document":%b' % dumps(definition.document)]
        if definition.input_schema is not None:
            content.append(b'"inputSchema":%b' % dumps(definition.input_schema))
        if body is not None:
            content.append(b'"input":%b' % body)
        self._transport.request(
            "POST", "/greenroom/check-start", params=params, content=b"{%b}" % b",".join(content), headers=JSON_BODY
        )
