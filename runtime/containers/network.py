"""The network that the containers of an instance are in: a bridge of its own, where they don't reach each other."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import docker.errors

from runtime.containers import INSTANCE_LABEL, EngineUnavailable
from runtime.containers.connection import Connection, explained, tolerating

log = logging.getLogger(__name__)

OPTIONS = {"com.docker.network.bridge.enable_icc": "false"}


class InstanceNetwork:
    """The bridge of one instance, by a name that a later start finds again."""

    def __init__(self, connection: Connection, instance_id: str) -> None:
        self.name = f"greenroom-{instance_id}"
        self._connection = connection
        self._instance_id = instance_id

    async def open(self) -> str:
        """Make the instance's bridge, or take the one a crash left; return its gateway's address."""
        left = await self._inspect()
        if left and not self._fits(left):
            with tolerating(404):
                await self._connection.call(self._connection.api.remove_network, self.name)
            left = None
        network = left or await self._make()
        return str(network["IPAM"]["Config"][0]["Gateway"])

    async def remove(self) -> None:
        try:
            with tolerating(403, 404):  # 403: live runs stay for the next start
                await self._connection.call(self._connection.api.remove_network, self.name)
        except EngineUnavailable as error:
            log.warning("The network %s stays for the next start: %s", self.name, error)

    async def _inspect(self) -> dict[str, Any] | None:
        try:
            return dict(await self._connection.call(self._connection.api.inspect_network, self.name))
        except docker.errors.NotFound:
            return None

    async def _make(self) -> dict[str, Any]:
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
                f"The engine did not make the network '{self.name}': {explained(error)}."
                " Unused networks are removed by `docker network prune`."
            ) from error
        return dict(await self._connection.call(self._connection.api.inspect_network, self.name))

    def _fits(self, network: Mapping[str, Any]) -> bool:
        return (
            network["Driver"] == "bridge"
            and network["Options"] == OPTIONS
            and network["Labels"].get(INSTANCE_LABEL) == self._instance_id
            and any(config.get("Gateway") for config in network["IPAM"]["Config"])
        )
