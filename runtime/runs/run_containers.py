"""The containers of runs: what each is created with, and the engine that they run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.base.addresses import HOST_IN_CONTAINERS, Addresses
from runtime.base.clock import Millis
from runtime.base.records import Build, Run
from runtime.billing.billing import Billing
from runtime.containers import Container, Containers, ContainerSpec, DiskEnforcement, Engine, EngineStart
from runtime.inputs.encryption import secret_fields
from runtime.inputs.keys import InputKeys
from runtime.jobs import resource_limits
from runtime.runs import environment, messages
from runtime.runs.development import Additions, Development

RUN_LABEL, BUILD_LABEL = "com.apify.actRunId", "com.apify.actBuildId"
"""The platform's own labels. The first one finds a run's container again."""


class RunContainers:
    """Creates the containers of runs. `cpu_burst_secs` is how long a container starts with a full core."""

    def __init__(
        self,
        *,
        containers: Containers,
        engine: Engine,
        actors: Actors,
        users: Users,
        billing: Billing,
        input_keys: InputKeys,
        addresses: Addresses,
        cpu_burst_secs: float,
    ) -> None:
        self._containers = containers
        self._development = Development(containers)
        self._engine = engine
        self._actors = actors
        self._users = users
        self._billing = billing
        self._input_keys = input_keys
        self._addresses = addresses
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
        variables = self._environment(run, build)
        additions = await self._development.additions(run, build, variables)
        return await self._containers.create(self._spec(run, build, variables, additions))

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

    def _environment(self, run: Run, build: Build) -> dict[str, str]:
        actor = self._actors.get(run.current_actor_id)
        return environment.variables(
            run,
            actor,
            owner=self._users.get(actor.user_id),
            build=build,
            user=self._users.get(run.user_id),
            charged=self._billing.event_counts(run),
            addresses=self._addresses,
            plan=self._billing.plan,
            input_key=self._input_keys.find(run.user_id, actor.id) if secret_fields(build.input_schema) else None,
        )
