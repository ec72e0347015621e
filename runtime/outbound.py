"""The door to the web: sends what webhooks ask for, downloads what builds name, and nothing else."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AI_NUMERICHOST, AddressFamily

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from runtime.base.addresses import HOST_IN_CONTAINERS, WEB_SERVER_DOMAIN

TIMEOUT_SECS = 120.0
MAX_ANSWER_BYTES = 10_000
"""What is kept of an answer; the rest is not read."""
CHUNK = 256 * 1024
SILENCE_SECS = 60.0
"""How long a download may stand still."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str


class NoAnswer(Exception):
    """The request could not be sent, or was not answered in time."""


class Outbound:
    """Requests of this process to the web: no cookies, no proxies, and redirects for downloads only."""

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

    async def download(self, url: str, to: Path, max_bytes: int, told: Callable[[int], None]) -> int:
        """Write what is at the URL to a file; its size. `told` hears how many bytes there are so far.

        Raises NoAnswer, saying why without the URL, which may hold secrets.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=SILENCE_SECS, sock_read=SILENCE_SECS)
        try:
            request = self._open().get(URL(url, encoded=True), timeout=timeout, headers={"Accept-Encoding": "identity"})
            async with request as response:
                if response.status != 200:
                    raise NoAnswer(f"the answer was {response.status} {response.reason or ''}".rstrip())
                return await _written(response, to, max_bytes, told)
        except TimeoutError as problem:
            raise NoAnswer(f"nothing came for {SILENCE_SECS:g} seconds") from problem
        except aiohttp.ClientConnectorError as problem:
            raise NoAnswer(f"cannot connect: {problem.os_error.strerror or problem.os_error}") from problem
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise NoAnswer(f"the download broke off ({type(problem).__name__})") from problem

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


async def _written(response: aiohttp.ClientResponse, to: Path, max_bytes: int, told: Callable[[int], None]) -> int:
    size = 0
    with to.open("wb") as file:
        async for piece in response.content.iter_chunked(CHUNK):
            size += len(piece)
            if size > max_bytes:
                raise NoAnswer(f"it has more than the {max_bytes:,} bytes that are allowed")
            file.write(piece)
            told(size)
    return size
