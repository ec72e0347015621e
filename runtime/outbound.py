"""The door to the web: sends what webhooks ask for, and nothing else."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from socket import AF_INET, AI_NUMERICHOST, AddressFamily

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from runtime.addresses import HOST_IN_CONTAINERS, WEB_SERVER_DOMAIN

TIMEOUT_SECS = 120.0
MAX_ANSWER_BYTES = 10_000
"""What is kept of an answer; the rest is not read."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str


class NoAnswer(Exception):
    """The request could not be sent, or was not answered in time."""


class Outbound:
    """Requests of this process to the web: no redirects, no cookies, no proxies."""

    def __init__(self, timeout_secs: float = TIMEOUT_SECS) -> None:
        self._timeout_secs = timeout_secs
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: str, headers: Mapping[str, str], *, verify: bool) -> Answer:
        """Send one request, to the URL as it is. Raises NoAnswer, saying why; `verify` is about certificates."""
        try:
            async with self._open().post(
                url, data=body.encode(), headers=headers, ssl=verify, allow_redirects=False
            ) as response:
                return Answer(response.status, await _beginning(response))
        except TimeoutError as problem:
            raise NoAnswer(f"No answer within {self._timeout_secs:g} seconds") from problem
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as problem:
            raise NoAnswer(f"Cannot send request: {problem or type(problem).__name__}") from problem

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Made at the first request: it belongs to the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=OwnNames(), force_close=True),
                timeout=aiohttp.ClientTimeout(total=self._timeout_secs),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Greenroom"},
            )
        return self._session


class OwnNames(ThreadedResolver):
    """The machine's resolver, but for Greenroom's own host names, which mean this machine without asking anybody."""

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        if not is_own_name(host):
            return await super().resolve(host, port, family)
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=AF_INET, proto=0, flags=AI_NUMERICHOST)
        ]


def is_own_name(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name == HOST_IN_CONTAINERS or name.endswith(f".{WEB_SERVER_DOMAIN}")


async def _beginning(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for piece in response.content.iter_chunked(MAX_ANSWER_BYTES):
        body += piece
        if len(body) >= MAX_ANSWER_BYTES:
            break
    return body[:MAX_ANSWER_BYTES].decode(errors="replace")
