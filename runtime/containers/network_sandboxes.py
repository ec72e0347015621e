"""Networks that are prepared for the next containers.

An engine needs most of the time of a start for the container's network. So this starts small containers ahead, the
sandboxes, which only have a network. The container of a run joins one: it gets its address, its host names and its own
name. A sandbox belongs to one container at most, and is removed with it. `sandbox_pool.py` has the rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from secrets import token_hex
from typing import Any

import docker.errors
from docker.types import LogConfig

from runtime.base.addresses import HOST_IN_CONTAINERS
from runtime.base.clock import Clock
from runtime.base.retry import retry
from runtime.containers import INSTANCE_LABEL, ContainerSpec, Engine, EngineUnavailable, StartFailed
from runtime.containers.connection import EngineConnection, error_message, ignoring_statuses
from runtime.containers.program_images import PROGRAM, import_image
from runtime.containers.sandbox_pool import SandboxPool
from runtime.containers.tiny_programs import MACHINES, wait_for_signal

SANDBOX_LABEL = "com.greenroom.network-sandbox"
"""The label of sandboxes and of their image. Sandboxes are not containers of runs."""
JOINED_LABEL = "com.greenroom.joined-sandbox"
"""The label of a container that joined a sandbox. Its value is the id of the sandbox."""
MEMORY_BYTES = 32 * 1024 * 1024
"""Most of it is for the engine's runtime, which prepares a container within the container's own limits."""
PIDS = 32
NOBODY = "65534:65534"


class NetworkSandboxes:
    """Up to `size` sandboxes of one instance. `wait` returns when the container with an id has ended.

    None is prepared unless this host reaches containers directly and reads their counters: the ports of a container
    that joins a sandbox cannot be published. Call `open` first and `close` last.
    """

    def __init__(
        self,
        connection: EngineConnection,
        instance_id: str,
        wait: Callable[[str], Awaitable[object]],
        clock: Clock,
        size: int,
    ) -> None:
        self._connection = connection
        self._labels = {INSTANCE_LABEL: instance_id, SANDBOX_LABEL: ""}
        self._clock = clock
        self._pool = SandboxPool(make=self._make, remove=self._remove, wait=wait, clock=clock, size=size)
        self._program: bytes | None = None
        self._network = ""
        self._hosts: Mapping[str, str] = {}
        self._image: str | None = None
        self._opening: asyncio.Task[None] | None = None

    def open(self, engine: Engine, architecture: str) -> None:
        self._network = engine.network
        machine = MACHINES.get(architecture)
        if machine is not None and engine.gateway is not None and engine.reaches_containers and engine.reads_cgroups:
            self._program = wait_for_signal(machine)
            self._hosts = {HOST_IN_CONTAINERS: engine.gateway}
        self._opening = asyncio.create_task(self._open(), name="left-over network sandboxes")

    async def close(self) -> None:
        """Remove the sandboxes without a container, and the image."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        await self._pool.close()
        if self._image is not None:
            with suppress(EngineUnavailable):  # the next start of the server removes it
                await self._remove_image(self._image)

    def take(self, spec: ContainerSpec) -> str | None:
        """Return the id of a sandbox for this container; None if none is prepared, or none with these host names."""
        return self._pool.take() if spec.hosts == self._hosts else None

    def discard(self, id: str) -> None:
        """Remove a sandbox, by its id or name, in the background."""
        self._pool.discard(id)

    def during_start(self) -> AbstractContextManager[None]:
        """Prepare nothing while the body starts a container."""
        return self._pool.during_start()

    async def address(self, id: str) -> str | None:
        """Return the IP address of a sandbox; None if it does not run."""
        with ignoring_statuses(404):
            found = await self._connection.call(self._connection.api.inspect_container, id)
            if found["State"]["Running"]:
                return str(found["NetworkSettings"]["Networks"][self._network]["IPAddress"])
        return None

    async def _remove(self, id: str) -> None:
        with ignoring_statuses(404, 409):
            await self._connection.call(self._connection.api.remove_container, id, force=True)

    async def _open(self) -> None:
        await retry(self._remove_left_over, self._clock, "Removing old networks", on=(EngineUnavailable,))
        if self._program is not None:
            self._pool.open()

    async def _remove_left_over(self) -> None:
        """Remove the sandboxes that a killed server left, without those of containers. None is used again.

        A container may have joined it before, so that it would pass from one run to another.
        """
        own = f"{INSTANCE_LABEL}={self._labels[INSTANCE_LABEL]}"
        with ignoring_statuses():
            found = await self._connection.call(self._connection.api.containers, all=True, filters={"label": own})
            images = await self._connection.call(
                self._connection.api.images, all=True, filters={"label": [own, SANDBOX_LABEL]}
            )
        joined = {each["Labels"].get(JOINED_LABEL) for each in found}
        for each in found:
            if SANDBOX_LABEL in each["Labels"] and each["Id"] not in joined:
                await self._remove(each["Id"])
        for image in images:
            await self._remove_image(image["Id"])

    async def _remove_image(self, id: str) -> None:
        """Remove an image of sandboxes. While one of them still exists, the image does too, until the next start."""
        with ignoring_statuses(404, 409):
            await self._connection.call(self._connection.api.remove_image, id)

    async def _make(self) -> str:
        """Start a sandbox and return its id. Raises StartFailed, EngineUnavailable."""
        name = f"greenroom-network-{token_hex(6)}"
        try:
            return await self._connection.call(self._start, name)
        except docker.errors.APIError as error:
            if isinstance(error, docker.errors.ImageNotFound):  # somebody has removed all unused images
                self._image = None
            self.discard(name)
            raise StartFailed(error_message(error)) from error
        except EngineUnavailable:  # the engine may have created it before its answer was lost
            self.discard(name)
            raise

    def _start(self, name: str) -> str:
        api = self._connection.api
        assert self._program is not None, "the pool is open"
        if self._image is None:
            self._image = import_image(api, self._program, self._labels)
        created = api.create_container(
            self._image, [PROGRAM], name=name, user=NOBODY, labels=self._labels, host_config=self._host_config()
        )
        api.start(created["Id"])
        return str(created["Id"])

    def _host_config(self) -> dict[str, Any]:
        return dict(
            self._connection.api.create_host_config(
                network_mode=self._network,
                extra_hosts=dict(self._hosts),
                mem_limit=MEMORY_BYTES,
                memswap_limit=MEMORY_BYTES,
                pids_limit=PIDS,
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                log_config=LogConfig(type=LogConfig.types.NONE),
            )
        )
