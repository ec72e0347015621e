"""Probes of an engine: what it really does with a program in a container, and what it has stored."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import docker.errors
import requests

from runtime.containers import INSTANCE_LABEL, EngineUnavailable, StartFailed
from runtime.containers.connection import EngineConnection, error_message, ignoring_statuses
from runtime.containers.network_sandboxes import SANDBOX_LABEL
from runtime.containers.program_images import PROGRAM, import_image
from runtime.containers.tiny_programs import MACHINES, Machine, connect, fill_memory

LIMIT_BYTES = 32 * 1024 * 1024
FILLED_BYTES = 4 * LIMIT_BYTES
PROBE_SECS = 15
KILLED = 137
TIMED_OUT = 110
"""The error number of `connect(2)`, also for a probe that did not end."""


class EngineProbes:
    """Runs small programs in containers with the label of `instance_id`, and removes them afterwards.

    Raises StartFailed if the engine rejects a container, and EngineUnavailable.
    """

    def __init__(self, connection: EngineConnection, instance_id: str) -> None:
        self._connection = connection
        self._labels = {INSTANCE_LABEL: instance_id}

    async def properties(self) -> Mapping[str, Any]:
        """Return what the engine reports about itself, as `docker info` shows it."""
        return dict(await self._connection.call(self._connection.api.info))

    async def kills_at_the_memory_limit(self, machine: Machine) -> bool:
        """Return whether a program that needs four times its memory limit is killed."""
        limits = {"mem_limit": LIMIT_BYTES, "memswap_limit": LIMIT_BYTES}
        return await self._exit_code(fill_memory(machine, FILLED_BYTES), limits) == KILLED

    async def connect_from_container(self, machine: Machine, network: str, address: str) -> int:
        """Connect from a container to a port that this host opens at `address`; return 0 or an error number."""
        with socket.create_server((address, 0)) as listener:
            program = connect(machine, IPv4Address(address), listener.getsockname()[1])
            return await self._exit_code(program, {"network_mode": network})

    async def names_of_images(self) -> list[str]:
        images = await self._connection.call(self._connection.api.images)
        return sorted(name for image in images for name in image["RepoTags"] or ())

    async def containers_by_instance(self) -> dict[str, int]:
        """Return the number of containers of each instance, of any data directory, without prepared networks."""
        found = await self._connection.call(
            self._connection.api.containers, all=True, filters={"label": INSTANCE_LABEL}
        )
        counts: dict[str, int] = {}
        for container in found:
            if SANDBOX_LABEL in container["Labels"]:
                continue
            instance_id = container["Labels"][INSTANCE_LABEL]
            counts[instance_id] = counts.get(instance_id, 0) + 1
        return counts

    async def _exit_code(self, program: bytes, host_config: Mapping[str, Any]) -> int:
        try:
            async with self._container(program, host_config) as id:
                await self._connection.call(self._connection.api.start, id)
                return await self._connection.call(self._wait, id)
        except docker.errors.APIError as error:
            raise StartFailed(error_message(error)) from error

    @asynccontextmanager
    async def _container(self, program: bytes, host_config: Mapping[str, Any]) -> AsyncIterator[str]:
        """Create a container, and remove it at the end: also if a Ctrl-C arrives while the engine creates it."""
        api = self._connection.api
        image = asyncio.ensure_future(self._connection.call(import_image, api, program, self._labels))
        try:
            config = api.create_host_config(**host_config)
            create = partial(api.create_container, labels=self._labels, host_config=config)
            created = asyncio.ensure_future(
                self._connection.call(lambda image: str(create(image, [PROGRAM])["Id"]), await asyncio.shield(image))
            )
            try:
                yield await asyncio.shield(created)
            finally:
                await self._remove(api.remove_container, created)
        finally:
            await self._remove(api.remove_image, image)

    async def _remove(self, remove: Callable[..., None], created: asyncio.Future[str]) -> None:
        """Remove what a request creates, as soon as it has; nothing if the request fails."""
        try:
            id = await created
        except (docker.errors.APIError, EngineUnavailable):  # raised where the result is used
            return
        with ignoring_statuses(404):
            await asyncio.shield(self._connection.call(partial(remove, id, force=True)))

    def _wait(self, id: str) -> int:
        """Return the exit code of a container, or TIMED_OUT if it does not end: a firewall may drop packets."""
        try:
            return int(self._connection.api.wait(id, timeout=PROBE_SECS)["StatusCode"])
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
            return TIMED_OUT


def machine_of(properties: Mapping[str, Any]) -> Machine | None:
    """Return the engine's instruction set; None if there is no probe for it."""
    return MACHINES.get(properties["Architecture"])
