"""An instance's connection to the Docker engine: docker-py in a small thread pool, and streams that last."""

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
from runtime.containers.response_fields import cleaned

CALL_TIMEOUT_SECS = 120

P = ParamSpec("P")
T = TypeVar("T")


class Connection:
    """To the engine at `docker_host`, else at `DOCKER_HOST`, else of the docker command's current context."""

    def __init__(self, docker_host: str | None) -> None:
        self._docker_host = docker_host
        cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(2 * cores + 8, "docker")
        self._kernel = ThreadPoolExecutor(4, "counters")
        self._starts = asyncio.Semaphore(2 * cores)
        self._api: docker.APIClient | None = None
        self._version: str | None = None  # of the API that both know

    async def open(self) -> None:
        self._api = await self.call(self.another)
        self._version = self._api.api_version

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._kernel.shutdown(wait=False, cancel_futures=True)
        if self._api:
            self._api.close()

    @property
    def api(self) -> docker.APIClient:
        if self._api is None:
            raise EngineUnavailable("The engine has not been opened.")
        return self._api

    async def call(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the engine in the pool; its refusals come as docker's APIError, its silence as EngineUnavailable."""
        loop = asyncio.get_running_loop()
        with answering():
            return await loop.run_in_executor(self._pool, partial(ask, *args, **kwargs))

    async def start(self, container_id: str) -> None:
        async with self._starts:
            await self.call(self.api.start, container_id)

    async def measure(self, ask: Callable[[], T]) -> T:
        """Read the kernel's files and trees: never behind a slow engine."""
        return await asyncio.get_running_loop().run_in_executor(self._kernel, ask)

    def get(self, path: str, **params: str | int) -> Any:
        response = self._request(path, params, stream=False)
        return response.json()

    def stream(self, path: str, **params: str | int) -> requests.Response:
        with answering():
            return self._request(path, params, stream=True)

    def another(self) -> docker.APIClient:
        """A client of the caller's own. Raises EngineUnavailable."""
        try:
            return docker.APIClient(
                **self.address(), version=self._version, timeout=CALL_TIMEOUT_SECS, max_pool_size=32
            )
        except docker.errors.DockerException as error:
            tried = self.address().get("base_url", "the default socket")
            raise EngineUnavailable(
                f"No Docker engine answers at {tried}: {error}. Is it running, and may this user reach it"
                " (`docker info`)? Another engine can be named by DOCKER_HOST."
            ) from error

    def address(self) -> dict[str, Any]:
        """Where the engine is, as docker-py's client takes it; empty is its own default."""
        if self._docker_host:
            return dict(docker.utils.kwargs_from_env({**os.environ, "DOCKER_HOST": self._docker_host}))
        if os.environ.get("DOCKER_HOST"):
            return dict(docker.utils.kwargs_from_env())
        return dict(ContextAPI.kwargs_from_context())

    def _request(self, path: str, params: Mapping[str, str | int], *, stream: bool) -> requests.Response:
        url = f"{self.api.base_url}/v{self.api.api_version}{path}"
        read_timeout = None if stream else CALL_TIMEOUT_SECS
        response = self.api.get(url, params=params, stream=stream, timeout=(CALL_TIMEOUT_SECS, read_timeout))
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            raise docker.errors.create_api_error_from_http_exception(error) from error
        return response


@contextmanager
def answering() -> Iterator[None]:
    """Tell an engine that does not answer from one that refuses."""
    try:
        yield
    except docker.errors.APIError:
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException, OSError) as error:
        raise EngineUnavailable(f"The Docker engine does not answer: {error}") from error


@contextmanager
def tolerating(*statuses: int) -> Iterator[None]:
    """Take these refusals as done already; any other is the engine's trouble."""
    try:
        yield
    except docker.errors.APIError as error:
        if error.status_code not in statuses:
            raise EngineUnavailable(f"The Docker engine refused: {explained(error)}") from error


def explained(error: docker.errors.APIError) -> str:
    return cleaned(str(error.explanation or error))
