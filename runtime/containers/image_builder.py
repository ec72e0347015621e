"""Builds images with the engine's classic builder, or with BuildKit for a Dockerfile that needs it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import docker
import docker.errors
import requests

from runtime.base.late_imports import import_in_thread
from runtime.containers import BuildFailed, BuildLines, BuildSpec, Image, PullFailed, WrongArchitecture
from runtime.containers.build_log import BuildLog
from runtime.containers.connection import EngineConnection, translating_errors
from runtime.containers.streams import BuildStream
from runtime.containers.threaded_stream import read_in_thread

if TYPE_CHECKING:
    from runtime.containers.buildkit_log import BuildKitLog

BUILDKIT_API = (1, 39)
"""The first API version with BuildKit."""
# The wordings of the classic builder, of BuildKit and of a containerd image store.
WRONG_ARCHITECTURE = re.compile(
    r"no match(ing manifest)? for (platform|linux/)|does not match the (specified|expected) platform", re.I
)
PULL_FAILED = re.compile(
    r'Get "?https?://\S+/v2/|pull access denied|manifest for \S+ not found|manifest unknown|toomanyrequests'
    r"|failed to (resolve (source metadata|reference)|do request)|repository \S+ (not found|does not exist)",
    re.I,
)


EngineRequest = Callable[[docker.APIClient], object]


class ImageBuilder:
    """Builds images. Each build has its own connection."""

    def __init__(self, connection: EngineConnection, find_image: Callable[[str], Awaitable[Image | None]]) -> None:
        """`find_image` returns an image that the engine has."""
        self._connection = connection
        self._find_image = find_image

    async def build(self, spec: BuildSpec, log: BuildLines) -> str:
        """Build an image; return its id, or its name if no id is reported. Raises BuildFailed, or a subclass."""
        if spec.buildkit:
            return await self._build_with_buildkit(spec, log)
        return (
            await self._follow(partial(self._request_build, spec, {}), BuildLog(), f"build {spec.tag}", log) or spec.tag
        )

    async def _build_with_buildkit(self, spec: BuildSpec, log: BuildLines) -> str:
        self._check_has_buildkit()
        # Most builds need neither gRPC nor Protocol Buffers.
        await import_in_thread("runtime.containers.buildkit_log", "runtime.containers.buildkit_session")
        from runtime.containers.buildkit_log import BuildKitLog
        from runtime.containers.buildkit_session import secrets_session

        # BuildKit would request a missing image from its client, so it is pulled first.
        for name in spec.images:
            if await self._find_image(name) is None:
                await self._follow(partial(self._request_pull, name, spec.platform), BuildLog(), f"pull {name}", log)
        async with secrets_session(spec.secrets, self._connection) as session:
            request = partial(self._request_build, spec, {"version": "2", **session})
            return await self._follow(request, BuildKitLog(), f"build {spec.tag}", log) or spec.tag

    def _check_has_buildkit(self) -> None:
        version = self._connection.api.api_version
        if tuple(map(int, version.split("."))) < BUILDKIT_API:
            raise BuildFailed(
                "This Dockerfile needs BuildKit (for example for RUN --mount), which this engine does not have:"
                f" its API version is {version}, but {'.'.join(map(str, BUILDKIT_API))} is required."
            )

    async def _follow(
        self, request: EngineRequest, output: BuildLog | BuildKitLog, name: str, log: BuildLines
    ) -> str | None:
        """Send a request and pass its output to `log` while it arrives; return the id of the image, if reported."""
        open_stream = partial(self._open, request, output)
        async with aclosing(read_in_thread(open_stream, name, size_of=_size)) as batches:
            async for batch in batches:
                log([*chain.from_iterable(batch)])
        if output.error is not None:
            raise build_error(output.error)
        return output.image_id

    def _request_pull(self, name: str, platform: str | None, api: docker.APIClient) -> object:
        return api.pull(name, stream=True, platform=platform)

    def _request_build(self, spec: BuildSpec, params: dict[str, str], api: docker.APIClient) -> object:
        api.params = params
        with spec.context.open("rb") as context:
            return api.build(
                fileobj=context,
                custom_context=True,
                dockerfile=spec.dockerfile,
                tag=spec.tag,
                buildargs=dict(spec.build_args),
                nocache=not spec.use_cache,
                rm=True,
                forcerm=True,
                container_limits={"memory": spec.memory_bytes, "memswap": spec.memory_bytes},
                platform=spec.platform,
            )

    def _open(self, request: EngineRequest, output: BuildLog | BuildKitLog) -> BuildStream:
        # A build is cancelled by closing its response, which docker-py hides. A hook of a new client gets the response.
        responses: list[requests.Response] = []
        with translating_errors(), self._connection.new_client() as api:
            api.hooks["response"] = [lambda response, **_: responses.append(response)]
            try:
                with suppress(docker.errors.APIError):  # the response contains the same error
                    request(api)
            except (docker.errors.DockerException, TypeError, OSError) as error:
                if isinstance(error, requests.RequestException):
                    raise
                raise BuildFailed(str(error)) from error
        response = responses[-1]
        if not response.ok:
            raise build_error(response.json()["message"])
        return BuildStream(response, output)


def build_error(message: str) -> BuildFailed:
    """Return the failure for an error message of the engine, with advice for the known ones."""
    if WRONG_ARCHITECTURE.search(message):
        return WrongArchitecture(message)
    if "frontend dockerfile" in message and "parse error" in message:
        return BuildFailed(f"{message} (For an older engine, add `# syntax=docker/dockerfile:1` as the first line.)")
    if PULL_FAILED.search(message):
        return PullFailed(message)
    if "BuildKit" in message:
        return BuildFailed(f"{message.strip()} The engine's classic builder, which was used, does not support this.")
    return BuildFailed(message)


def _size(lines: list[str]) -> int:
    return sum(128 + len(line) for line in lines)
