"""HTTP requests to a server, with errors translated to command errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from cli.client.errors import RecordNotFound, error_of
from cli.errors import INVALID_INPUT, CommandError
from cli.server import RunningServer
from runtime.base.json_text import JsonDict
from runtime.base.usernames import ACTS_FOR_HEADER

CONNECT_SECS = 5.0
RESPONSE_SECS = 30.0
USER_AGENT = "greenroom"
SHOWN_CHARS = 40
AS_STORED = {"Accept-Encoding": "identity"}
"""Request headers that make the server send the body without compressing it."""


class Transport:
    """Sends requests to one server with the command line's token. The caller closes it."""

    def __init__(self, server: RunningServer, response_secs: float = RESPONSE_SECS) -> None:
        self._url = server.url
        self._http = httpx.Client(
            base_url=server.url,
            headers={**server.authorization, "X-Apify-Request-Origin": "CLI", "User-Agent": USER_AGENT},
            timeout=httpx.Timeout(response_secs, connect=CONNECT_SECS),
            trust_env=False,  # requests to this machine must not go through a proxy
            verify=False,  # the server uses plain HTTP, and loading certificates takes longer than most requests
        )

    def act_for(self, username: str) -> None:
        """Send the following requests in the name of this user, instead of the server's first user."""
        self._http.headers[ACTS_FOR_HEADER] = username

    def close(self) -> None:
        self._http.close()

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request and return the successful response. Raises ApiError, CommandError."""
        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise self._connection_lost(error) from error
        except UnicodeEncodeError as error:
            raise _not_utf8(error) from error
        if response.is_error:
            raise error_of(response)
        return response

    def data(self, method: str, path: str, **request: Any) -> JsonDict:
        """Send a request and return the `data` of the response. Raises ApiError, CommandError."""
        data: JsonDict = self.request(method, path, **request).json()["data"]
        return data

    def local(self, method: str, path: str, secs: float, **request: Any) -> JsonDict:
        """Call one of the server's own controls, which has no envelope and may need `secs` for its response."""
        timeout = httpx.Timeout(RESPONSE_SECS, read=secs)
        response: JsonDict = self.request(method, path, timeout=timeout, **request).json()
        return response

    def find(self, path: str) -> JsonDict | None:
        """Return the record at a path, or None if it does not exist."""
        try:
            return self.data("GET", path)
        except RecordNotFound:
            return None

    @contextmanager
    def stream(self, path: str, **request: Any) -> Iterator[httpx.Response]:
        """GET a response whose body the caller reads as it arrives. Raises ApiError, CommandError."""
        try:
            with self._http.stream("GET", path, **request) as response:
                if response.is_error:
                    response.read()
                    raise error_of(response)
                yield response
        except httpx.HTTPError as error:
            raise self._connection_lost(error) from error

    def _connection_lost(self, error: httpx.HTTPError) -> CommandError:
        return CommandError(
            f"The server at {self._url} stopped answering: {error or type(error).__name__}.",
            "Check it with `greenroom status`. If it stopped, `greenroom up` starts it again and adopts live runs.",
            code="server-unavailable",
        )


def first_items(limit: int, most: int, fetch: Callable[[int, int], JsonDict]) -> tuple[list[JsonDict], int]:
    """Return the first items of a list, in as many requests as necessary, and the number of all.

    `fetch` gets an offset and a limit, which is at most `most`, and returns that page.
    """
    found: list[JsonDict] = []
    while True:
        page = fetch(len(found), min(limit - len(found), most))
        found += page["items"]
        if not page["items"] or len(found) >= limit:
            return found, page["total"]


def _not_utf8(error: UnicodeEncodeError) -> CommandError:
    """Return the error for a path or an argument with bytes that are not UTF-8, which a request cannot contain."""
    shown = error.object[max(0, error.start - SHOWN_CHARS) : error.end + SHOWN_CHARS]
    return CommandError(
        f"The server accepts only UTF-8, but there is another byte in: {shown!r}.",
        "Rename the file or folder, or correct the argument.",
        exit_code=INVALID_INPUT,
    )
