"""The door to the web: sends the requests of webhooks and downloads the sources of builds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.base.late_imports import import_in_thread
from runtime.base.outbound_policy import DEFAULT_POLICY, OutboundPolicy
from runtime.outbound.responses import OutboundError, OutboundResponse

if TYPE_CHECKING:
    from runtime.outbound.web_client import WebClient

__all__ = ["Outbound", "OutboundError", "OutboundResponse"]

TIMEOUT_SECS = 120.0


class Outbound:
    """Requests of this process to addresses that the policy allows. Most servers make none: see `_client`."""

    def __init__(self, policy: OutboundPolicy = DEFAULT_POLICY, timeout_secs: float = TIMEOUT_SECS) -> None:
        self.policy = policy
        self._timeout_secs = timeout_secs
        self._opened: WebClient | None = None

    async def post(self, url: str, body: str, headers: Mapping[str, str], *, verify: bool) -> OutboundResponse:
        """Send one POST request; `verify` checks the server's certificate. Raises OutboundError."""
        return await (await self._client()).post(url, body, headers, verify=verify)

    async def download(self, url: str, to: Path, max_bytes: int, on_progress: Callable[[int], None]) -> int:
        """Download a file and return its size. `on_progress` receives the number of bytes so far.

        Raises OutboundError. Its message does not contain the URL, which may contain secrets.
        """
        return await (await self._client()).download(url, to, max_bytes, on_progress)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _client(self) -> WebClient:
        """Return the client. It is created for the first request, because its library takes 8 MB of memory."""
        if self._opened is None:
            await import_in_thread("runtime.outbound.web_client")
            from runtime.outbound.web_client import WebClient

            self._opened = self._opened or WebClient(self.policy, self._timeout_secs)
        return self._opened
