"""The containers of runs: what each is created with, and the engine that they run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runtime.base.addresses import HOST_IN_CONTAINERS
from runtime.base.clock import Millis
from runtime.base.records import Build, Run
from runtime.containers import Container, Containers, ContainerSpec, DiskEnforcement, Engine, EngineStart
from runtime.jobs import resource_limits
from runtime.runs import messages
from runtime.runs.development import Additions, Development
from runtime.runs.run_environments import RunEnvironments

RUN_LABEL, BUILD_LABEL = "com.apify.actRunId", "com.apify.actBuildId"
"""The platform's own labels. The first one finds a run's container again."""


class RunContainers:
    """Creates the containers of runs. `cpu_burst_secs` is how long a container starts with a full core."""

    def __init__(
        self,
        *,
        containers: Containers,
        engine: Engine,
        environments: RunEnvironments,
        cpu_burst_secs: float,
    ) -> None:
        self._containers = containers
        self._development = Development(containers)
        self._engine = engine
        self._environments = environments
        self._cpu_burst_secs = cpu_burst_secs

    def limits_lines(self, run: Run) -> Iterator[str]:
        """The lines of the run's log that state its limits."""
        return messages.limits_lines(run, self._engine, self._cpu_burst_secs)

    @property
    def disk_enforcement(self) -> DiskEnforcement:
        return self._engine.disk

    async def engine_restarted_since(self, moment: Millis) -> EngineStart | None:
        """The engine's last start, if it was after `moment`. Raises EngineUnavailable."""
        return await self._containers.restarted_since(moment)

    async def create(self, run: Run, build: Build) -> Container:
        """Create the run's container without starting it. Raises StartFailed and EngineUnavailable."""
        variables = self._environments.variables(run, build)
        additions = await self._development.additions(run, build, variables)
        container = await self._containers.create(self._spec(run, build, variables, additions))
        await self._environments.record(run, build, variables, additions.environment)
        return container

    def _spec(self, run: Run, build: Build, variables: Mapping[str, str], additions: Additions) -> ContainerSpec:
        memory = run.options.memory_mbytes
        return ContainerSpec(
            name=f"greenroom-{run.id}",
            image=build.image or "",
            labels={RUN_LABEL: run.id, BUILD_LABEL: build.id},
            environment={**variables, **additions.environment},
            memory_bytes=memory * resource_limits.MBYTE,
            cpus=resource_limits.burst_cpus(memory, self._cpu_burst_secs),
            disk_bytes=run.options.disk_mbytes * resource_limits.MBYTE,
            pids=resource_limits.MAX_PIDS,
            shm_bytes=resource_limits.shm_bytes(memory),
            web_server_port=run.web_server_port,
            mounts=additions.mounts,
            start=additions.start,
            other_ports=additions.other_ports,
            hosts={HOST_IN_CONTAINERS: self._engine.gateway or "host-gateway"},
        )
