"""How the engine makes images: by its classic builder, or by BuildKit where a Dockerfile needs that."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from itertools import chain

import docker
import docker.errors
import requests

from runtime.containers import BuildFailed, BuildLines, BuildSpec, Image, WrongArchitecture
from runtime.containers.build_log import BuildLog
from runtime.containers.buildkit_log import BuildKitLog
from runtime.containers.buildkit_session import offering
from runtime.containers.connection import Connection, answering
from runtime.containers.streams import BuildStream
from runtime.containers.threaded_stream import following

BUILDKIT_API = (1, 39)
# As the classic builder, BuildKit and a containerd image store say it.
WRONG_ARCHITECTURE = re.compile(
    r"no match(ing manifest)? for (platform|linux/)|does not match the (specified|expected) platform", re.I
)
REGISTRY_IS_AWAY = re.compile(r'Get "?https?://\S+/v2/')  # as all of them say it


class ImageBuilder:
    """Builds images. Each build has a connection of its own."""

    def __init__(self, connection: Connection, find: Callable[[str], Awaitable[Image | None]]) -> None:
        """`find` tells of an image that the engine has."""
        self._connection = connection
        self._find = find

    async def build(self, spec: BuildSpec, log: BuildLines) -> str:
        """The image's id, or its name where the engine tells none. Raises BuildFailed, WrongArchitecture."""
        if spec.buildkit:
            return await self._build_by_buildkit(spec, log)
        return await self._follow(partial(self._ask_build, spec, {}), BuildLog(), f"build {spec.tag}", log) or spec.tag

    async def _build_by_buildkit(self, spec: BuildSpec, log: BuildLines) -> str:
        self._check_has_buildkit()
        # BuildKit asks who builds for the images, unless they are there.
        for name in spec.images:
            if await self._find(name) is None:
                await self._follow(partial(self._ask_pull, name, spec.platform), BuildLog(), f"pull {name}", log)
        async with offering(spec.secrets, self._connection) as session:
            asking = partial(self._ask_build, spec, {"version": "2", **session})
            return await self._follow(asking, BuildKitLog(), f"build {spec.tag}", log) or spec.tag

    def _check_has_buildkit(self) -> None:
        version = self._connection.api.api_version
        if tuple(map(int, version.split("."))) < BUILDKIT_API:
            raise BuildFailed(
                "This Dockerfile needs BuildKit, as for RUN --mount, which this engine does not offer:"
                f" its API is {version}, and {'.'.join(map(str, BUILDKIT_API))} is needed."
            )

    async def _follow(
        self, ask: Callable[[docker.APIClient], object], told: BuildLog | BuildKitLog, name: str, log: BuildLines
    ) -> str | None:
        opening = partial(self._open, ask, told)
        async with aclosing(following(opening, name, weigh=_weight)) as batches:
            async for batch in batches:
                log([*chain.from_iterable(batch)])
        if told.error is not None:
            raise build_failed(told.error)
        return told.image_id

    def _ask_pull(self, name: str, platform: str | None, api: docker.APIClient) -> object:
        return api.pull(name, stream=True, platform=platform)

    def _ask_build(self, spec: BuildSpec, params: dict[str, str], api: docker.APIClient) -> object:
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

    def _open(self, ask: Callable[[docker.APIClient], object], told: BuildLog | BuildKitLog) -> BuildStream:
        # docker-py hides the response of a build; a client of its own shows it, so that closing it cancels the build.
        responses: list[requests.Response] = []
        with answering(), self._connection.another() as api:
            api.hooks["response"] = [lambda response, **_: responses.append(response)]
            try:
                with suppress(docker.errors.APIError):  # the response tells it too
                    ask(api)
            except (docker.errors.DockerException, TypeError, OSError) as error:
                if isinstance(error, requests.RequestException):
                    raise
                raise BuildFailed(str(error)) from error
        response = responses[-1]
        if not response.ok:
            raise build_failed(response.json()["message"])
        return BuildStream(response, told)


def build_failed(message: str) -> BuildFailed:
    """The failure that the engine's last word tells of."""
    if WRONG_ARCHITECTURE.search(message):
        return WrongArchitecture(message)
    if "frontend dockerfile" in message and "parse error" in message:
        return BuildFailed(f"{message} (An older engine knows it by a first line `# syntax=docker/dockerfile:1`.)")
    if REGISTRY_IS_AWAY.search(message):
        return BuildFailed(
            f"{message} (An image that the Dockerfile names is not on this machine, and its registry did not answer:"
            " look at the name, or pull the image where there is a network.)"
        )
    if "BuildKit" in message:
        return BuildFailed(f"{message.strip()} The engine's classic builder, which was asked, has no such option.")
    return BuildFailed(message)


def _weight(lines: list[str]) -> int:
    return sum(128 + len(line) for line in lines)
