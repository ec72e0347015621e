"""The network of an instance's containers: its own bridge, on which the containers cannot reach each other."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import docker.errors

from runtime.containers import INSTANCE_LABEL, EngineUnavailable
from runtime.containers.connection import EngineConnection, error_message, ignoring_statuses

log = logging.getLogger(__name__)

OPTIONS = {"com.docker.network.bridge.enable_icc": "false"}


class InstanceNetwork:
    """The bridge of one instance. A later start finds it again by its name."""

    def __init__(self, connection: EngineConnection, instance_id: str) -> None:
        self.name = f"greenroom-{instance_id}"
        self._connection = connection
        self._instance_id = instance_id

    async def open(self) -> str:
        """Create the instance's bridge, or reuse the one that a crash left behind; return its gateway's address."""
        existing = await self._inspect()
        if existing and not self._is_usable(existing):
            with ignoring_statuses(404):
                await self._connection.call(self._connection.api.remove_network, self.name)
            existing = None
        network = existing or await self._create()
        return str(network["IPAM"]["Config"][0]["Gateway"])

    async def remove(self) -> None:
        try:
            with ignoring_statuses(403, 404):  # 403: live runs use it, and the next start adopts them
                await self._connection.call(self._connection.api.remove_network, self.name)
        except EngineUnavailable as error:
            log.warning("Could not remove the network %s, which the next start will reuse: %s", self.name, error)

    async def _inspect(self) -> dict[str, Any] | None:
        try:
            return dict(await self._connection.call(self._connection.api.inspect_network, self.name))
        except docker.errors.NotFound:
            return None

    async def _create(self) -> dict[str, Any]:
        try:
            await self._connection.call(
                self._connection.api.create_network,
                self.name,
                driver="bridge",
                options=OPTIONS,
                labels={INSTANCE_LABEL: self._instance_id},
                check_duplicate=True,
            )
        except docker.errors.APIError as error:
            raise EngineUnavailable(
                f"The engine could not create the network '{self.name}': {error_message(error)}."
                " Remove unused networks with `docker network prune`, then try again."
            ) from error
        return dict(await self._connection.call(self._connection.api.inspect_network, self.name))

    def _is_usable(self, network: Mapping[str, Any]) -> bool:
        return (
            network["Driver"] == "bridge"
            and network["Options"] == OPTIONS
            and network["Labels"].get(INSTANCE_LABEL) == self._instance_id
            and any(config.get("Gateway") for config in network["IPAM"]["Config"])
        )
