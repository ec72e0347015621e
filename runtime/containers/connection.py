"""An instance's connection to the Docker engine: docker-py in a small thread pool, and long-lived streams."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

import docker.errors
import docker.utils
import requests
import urllib3
from docker.context import ContextAPI

from runtime.containers import EngineUnavailable
from runtime.containers.response_fields import clean_error

CALL_TIMEOUT_SECS = 120

P = ParamSpec("P")
T = TypeVar("T")


class EngineConnection:
    """Connects to the engine at `docker_host`, else at $DOCKER_HOST, else in the docker command's current context."""

    def __init__(self, docker_host: str | None) -> None:
        self._docker_host = docker_host
        cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(2 * cores + 8, "docker")
        self._files = ThreadPoolExecutor(4, "counters")
        self._starts = asyncio.Semaphore(2 * cores)
        self._api: docker.APIClient | None = None
        self._version: str | None = None  # the API version that both sides support

    async def open(self) -> None:
        self._api = await self.call(self.new_client)
        self._version = self._api.api_version

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._files.shutdown(wait=False, cancel_futures=True)
        if self._api:
            self._api.close()

    @property
    def api(self) -> docker.APIClient:
        if self._api is None:
            raise EngineUnavailable("The connection to the Docker engine is not open.")
        return self._api

    async def call(self, request: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Send a request from the pool. Raises docker's APIError for an error response, else EngineUnavailable."""
        loop = asyncio.get_running_loop()
        with translating_errors():
            return await loop.run_in_executor(self._pool, partial(request, *args, **kwargs))

    def start_slot(self) -> asyncio.Semaphore:
        """Return what a start of a container has to hold: the number of simultaneous starts is limited."""
        return self._starts

    async def measure(self, read: Callable[[], T]) -> T:
        """Read files in a pool of their own, so that they never wait for a slow engine."""
        return await asyncio.get_running_loop().run_in_executor(self._files, read)

    def get(self, path: str, **params: str | int) -> Any:
        """GET a JSON response of the engine's API. Blocks the thread."""
        response = self._request(path, params, stream=False)
        return response.json()

    def head(self, url_path: str, **params: str) -> Mapping[str, str]:
        """Return the headers of a response of the engine's API. Blocks the thread."""
        response = self.api.head(self._url(url_path), params=params, timeout=CALL_TIMEOUT_SECS)
        raise_for_status(response)
        return response.headers

    def stream(self, path: str, **params: str | int) -> requests.Response:
        """GET a streamed response of the engine's API. Blocks the thread until it begins."""
        with translating_errors():
            return self._request(path, params, stream=True)

    def new_client(self) -> docker.APIClient:
        """Return a client that the caller owns. Raises EngineUnavailable."""
        try:
            return docker.APIClient(
                **self.address(), version=self._version, timeout=CALL_TIMEOUT_SECS, max_pool_size=32
            )
        except docker.errors.DockerException as error:
            tried = self.address().get("base_url", "the default socket")
            raise EngineUnavailable(
                f"No Docker engine answers at {tried}: {error}. Start it, or set DOCKER_HOST to another engine;"
                " `docker info` shows whether this user may use it."
            ) from error

    def address(self) -> dict[str, Any]:
        """Return the engine's address as arguments of docker-py's client. Empty means its default."""
        if self._docker_host:
            return dict(docker.utils.kwargs_from_env({**os.environ, "DOCKER_HOST": self._docker_host}))
        if os.environ.get("DOCKER_HOST"):
            return dict(docker.utils.kwargs_from_env())
        return dict(ContextAPI.kwargs_from_context())

    def _request(self, path: str, params: Mapping[str, str | int], *, stream: bool) -> requests.Response:
        read_timeout = None if stream else CALL_TIMEOUT_SECS
        timeout = (CALL_TIMEOUT_SECS, read_timeout)
        response = self.api.get(self._url(path), params=params, stream=stream, timeout=timeout)
        raise_for_status(response)
        return response

    def _url(self, path: str) -> str:
        return f"{self.api.base_url}/v{self.api.api_version}{path}"


def raise_for_status(response: requests.Response) -> None:
    """Raise docker's APIError for an error response."""
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        raise docker.errors.create_api_error_from_http_exception(error) from error


@contextmanager
def translating_errors() -> Iterator[None]:
    """Raise EngineUnavailable if the engine does not answer. Its own error responses remain APIError."""
    try:
        yield
    except docker.errors.APIError:
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException, OSError) as error:
        raise EngineUnavailable(f"The Docker engine does not answer: {error}") from error


@contextmanager
def ignoring_statuses(*statuses: int) -> Iterator[None]:
    """Ignore error responses with these statuses. Any other one becomes EngineUnavailable."""
    try:
        yield
    except docker.errors.APIError as error:
        if error.status_code not in statuses:
            raise EngineUnavailable(f"The Docker engine rejected a request: {error_message(error)}") from error


def error_message(error: docker.errors.APIError) -> str:
    return clean_error(str(error.explanation or error))
