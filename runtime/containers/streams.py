"""The engine's long responses, each read by one thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import requests
import urllib3

from runtime.containers import EngineUnavailable
from runtime.containers.build_log import BuildLog

if TYPE_CHECKING:
    from runtime.containers.buildkit_log import BuildKitLog

CHUNK = 64 * 1024


class ResponseStream:
    """A response that one thread reads and another thread can end early with `cut`."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response

    def cut(self) -> None:
        with suppress(ValueError, RuntimeError, OSError):  # the response has ended already
            self._response.raw.shutdown()

    def close(self) -> None:
        self._response.close()

    def _chunks(self) -> Iterator[bytes]:
        try:
            yield from self._response.raw.stream(CHUNK)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise EngineUnavailable(f"The connection to the Docker engine was lost: {error}") from error


class ByteStream(ResponseStream):
    """The body as it arrives."""

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks()


class JsonStream(ResponseStream):
    """JSON documents, one per line: events, stats and a build's output."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rest = b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())


class BuildStream(ResponseStream):
    """The lines of a build's output in batches: passing them on one by one would be too slow for a verbose build."""

    def __init__(self, response: requests.Response, log: BuildLog | BuildKitLog) -> None:
        super().__init__(response)
        self._messages = JsonStream(response)
        self._log = log

    def __iter__(self) -> Iterator[list[str]]:
        for message in self._messages:
            if lines := [*self._log.feed(message)]:
                yield lines
        if rest := [*self._log.end()]:
            yield rest
