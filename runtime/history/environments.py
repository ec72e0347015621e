"""The environment variables that a run's container got, without the values of secrets."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from runtime.containers import Containers, EngineUnavailable
from runtime.database.run_details import RunDetails


class VariableOrigin(StrEnum):
    """Where a variable comes from, with increasing precedence."""

    IMAGE = "image"
    VERSION = "version"
    RUN = "run"
    PLATFORM = "platform"
    DEVELOPMENT = "development"  # for the debugger


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a container. The value of a secret is None."""

    name: str
    value: str | None
    origin: VariableOrigin


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables of a container of this image. `has_image` is whether those of the image are among them."""

    image: str
    variables: tuple[Variable, ...]
    has_image: bool = False


class Environments:
    """The environments of the last containers of all runs."""

    def __init__(self, details: RunDetails, containers: Containers) -> None:
        self._details = details
        self._containers = containers

    async def record(self, run_id: str, image: str, variables: Sequence[Variable]) -> None:
        """Store what a new container of the run gets. Raises StorageUnavailable."""
        content = msgspec.json.encode(Environment(image, tuple(variables)))
        await self._details.store_environment(run_id, zlib.compress(content))

    def of_run(self, run_id: str) -> Environment | None:
        """What the run's last container got, without the variables of the image. None if nothing was recorded."""
        content = self._details.environment(run_id)
        return None if content is None else msgspec.json.decode(zlib.decompress(content), type=Environment)

    async def with_image(self, environment: Environment) -> Environment:
        """The environment with the variables of the image, if the engine has it and can be reached."""
        try:
            image = await self._containers.image(environment.image)
        except EngineUnavailable:
            return environment
        if image is None:
            return environment
        names = {each.name for each in environment.variables}
        added = [
            Variable(name, value, VariableOrigin.IMAGE)
            for name, value in image.environment.items()
            if name not in names
        ]
        return Environment(environment.image, (*environment.variables, *added), has_image=True)
