"""Joins the parts of one instance, recovers what a crash left, and closes in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from runtime.access.signatures import Signer
from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.actors.versions import Versions
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock
from runtime.base.data_directory import Instance
from runtime.base.errors import Invalid
from runtime.base.lifecycle import JobStatus, terminal_status
from runtime.base.records import Actor, Build, Run
from runtime.base.settings import Settings
from runtime.billing.billing import Billing
from runtime.builds import Builds, Sources
from runtime.containers import Container, Containers, Engine
from runtime.database import Database
from runtime.inputs.keys import InputKeys
from runtime.jobs.completion import Completion
from runtime.jobs.limits import default_user_memory_mbytes
from runtime.jobs.logs import Logs
from runtime.jobs.memory_quota import MemoryQuota
from runtime.outbound import Outbound
from runtime.retention import Retention
from runtime.runs import messages
from runtime.runs.runs import Runs
from runtime.runs.supervisor import RUN_LABEL, Parts, Supervisor
from runtime.runs.system_events import SystemEvents
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues
from runtime.storages.run_storages import Storages
from runtime.webhooks.delivery import Delivery
from runtime.webhooks.dispatches import Dispatches
from runtime.webhooks.webhooks import Webhooks

log = logging.getLogger("greenroom.orchestrator")


class Orchestrator:
    """One instance of Greenroom on an open data directory. `open` before anything else, `close` at the end.

    `connect` makes the door to the engine from the instance's id; `describe` tells how the API shows a run or build to
    its owner, which is what webhooks send. Raises NewerSchema, WrongKey.
    """

    engine: Engine

    def __init__(
        self,
        settings: Settings,
        addresses: Addresses,
        instance: Instance,
        connect: Callable[[str], Containers],
        clock: Clock,
        describe: Callable[[Orchestrator, Run | Build], dict[str, Any]],
    ) -> None:
        self.settings = settings
        self.addresses = addresses
        self.clock = clock
        self.signer = Signer(instance.signing_key)
        self.containers = connect(instance.id)
        self.database = database = Database(settings.data_dir)
        self.events = SystemEvents()
        self.logs = Logs(database.logs, clock)
        self.users = Users(database, settings.users, clock)
        self.versions = Versions(database, clock)
        self.actors = Actors(database, self.users, self.versions, clock)
        self.tasks = Tasks(database, self.users, self.actors, clock)
        self.datasets = Datasets(database, clock)
        self.key_value_stores = KeyValueStores(database, clock)
        self.request_queues = RequestQueues(database, clock)
        storages = Storages(self.datasets, self.key_value_stores, self.request_queues)
        memory_quota = MemoryQuota(database, settings.max_memory_mbytes or default_user_memory_mbytes())
        self.billing = Billing(database, storages, clock)
        completion = self._completion = Completion(clock)
        self.outbound = Outbound()
        self._delivery = Delivery(
            dispatches=database.dispatches,
            outbound=self.outbound,
            clock=clock,
            addresses=addresses,
            server_token=self.users.server_token,
        )
        self.webhooks = Webhooks(database, self.actors, self.tasks, clock)
        self.dispatches = Dispatches(
            database=database, clock=clock, describe=partial(describe, self), wake_delivery=self._delivery.wake
        )
        self.builds = Builds(
            database,
            self.actors,
            self.versions,
            self.containers,
            memory_quota,
            self.logs,
            completion,
            self.dispatches,
            clock,
            instance.id,
            Sources(self.outbound),
            settings.data_dir / "sources",
        )
        self._input_keys = InputKeys(database.input_keys, database.vault)
        self.runs = Runs(
            database,
            self.users,
            self.actors,
            self.tasks,
            self.builds,
            self._input_keys,
            storages,
            memory_quota,
            self.billing,
            self.logs,
            completion,
            clock,
            settings,
            addresses,
            self.events,
            self.webhooks,
            self.dispatches,
            self,
        )
        self.memory_quota = memory_quota
        self.retention = Retention(self.users, self.runs, storages, self.dispatches, clock, settings.retention_days)
        self._sweeping: asyncio.Task[None] | None = None
        self._supervisors: dict[str, Supervisor] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}

    async def open(self, engine: Engine) -> None:
        """Make the users and take up what the last server left. Ends before anybody may connect."""
        self.engine = engine
        self._parts = self._joined()
        await self.users.open()
        await self.runs.drop_ownerless()
        await self.dispatches.recover()
        await self.builds.recover()
        await self._recover_runs()
        self._delivery.open()
        self._sweeping = asyncio.create_task(self.retention.keep_sweeping(), name="retention")

    def release_waiters(self) -> None:
        """Release everybody who waits for something to happen: the server is about to stop."""
        self.logs.release_waiters()
        self.events.release_waiters()
        self._completion.release_waiters()

    async def close(self, *, stop_runs: bool) -> int:
        """Stop in order; return how many live runs are left for the next start to adopt."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})
        await self.builds.close()
        if stop_runs:
            await self._stop_all()
        left = len(self._lives)
        for life in list(self._lives.values()):
            life.cancel()
        if self._lives:
            await asyncio.wait(set(self._lives.values()))
        await self._delivery.close()
        await self.containers.close()
        for kind in (self.datasets, self.key_value_stores, self.request_queues):
            await kind.close()
        self.database.close()
        return left

    @property
    def live_runs(self) -> int:
        return len(self._lives)

    async def delete_actor(self, actor: Actor) -> None:
        """Drop an Actor with all that is made of it but its runs. Raises Invalid while a run or build of it lives."""
        async with self.memory_quota.pause_starts():
            if self.database.runs.has_unfinished_of_actor(actor.id):
                raise Invalid("cannot-remove-running-run", "An Actor with live runs can't be deleted: abort them first")
            builds = self.database.builds.of_actor(actor.id)
            if any(not build.status.is_terminal for build in builds):
                raise Invalid(
                    "deleting-unfinished-build", "An Actor with a live build can't be deleted: abort it first"
                )
            await self.actors.delete(actor)
            await self.tasks.delete_of_actor(actor.id)
            await self.webhooks.delete_of_actor(actor.id)
            await self._input_keys.forget_actor(actor.id)
            for build in builds:
                await self.builds.forget(build)

    async def web_server_address(self, run: Run) -> tuple[str, int] | None:
        """Where this host reaches a live run's web server; None while its container does not run."""
        supervisor = self._supervisors.get(run.id)
        return None if supervisor is None else await supervisor.web_server_address()

    @property
    def ports_of_live_runs(self) -> set[int]:
        """The ports under which live containers know the API: an earlier server may have had another one."""
        return {self.runs.get(run_id).api_port for run_id in self._lives} - {0}

    def _joined(self) -> Parts:
        return Parts(
            containers=self.containers,
            engine=self.engine,
            runs=self.runs,
            builds=self.builds,
            actors=self.actors,
            users=self.users,
            billing=self.billing,
            logs=self.logs,
            events=self.events,
            clock=self.clock,
            settings=self.settings,
            addresses=self.addresses,
            input_keys=self._input_keys,
        )

    def begin(self, run: Run) -> None:
        """Give a run a supervisor that takes it to its end."""
        supervisor = Supervisor(run, self._parts)
        self._own(run, supervisor, supervisor.live())

    def nudge(self, run_id: str) -> None:
        """Tell a run's supervisor that the record has orders for it."""
        supervisor = self._supervisors.get(run_id)
        if supervisor is not None:
            supervisor.nudge()

    async def cleared(self, run_id: str) -> None:
        """Return when an ended run's supervisor has cleared away its container."""
        life = self._lives.get(run_id)
        if life is not None:
            await asyncio.wait({life})

    def _own(self, run: Run, supervisor: Supervisor, life: Coroutine[Any, Any, None]) -> None:
        self._supervisors[run.id] = supervisor
        self._lives[run.id] = asyncio.create_task(life, name=f"run {run.id}")
        self._lives[run.id].add_done_callback(lambda life: self._forget(run.id, life))

    def _forget(self, run_id: str, life: asyncio.Task[None]) -> None:
        del self._supervisors[run_id], self._lives[run_id]
        if not life.cancelled() and (problem := life.exception()) is not None:
            log.error("The end of run %s could not be written", run_id, exc_info=problem)

    async def _stop_all(self) -> None:
        for run_id in list(self._lives):
            await self.runs.abort(self.runs.get(run_id))
        if self._lives:
            await asyncio.wait(set(self._lives.values()))

    async def _recover_runs(self) -> None:
        """Adopt live containers, settle dead ones by their exit code, remove unknown ones, end runs that have none."""
        found = await self.containers.list()
        of_run = {container.labels.get(RUN_LABEL): container for container in found}
        unfinished = self.runs.unfinished()
        for run in unfinished:
            try:
                await self._take_up(run, of_run.get(run.id))
            except Exception as problem:  # one run that cannot be taken up must not keep the others from it
                log.exception("Run %s could not be taken up", run.id)
                await self._give_up(run, of_run.get(run.id), problem)
        known = {run.id for run in unfinished}
        for container in found:
            if container.labels.get(RUN_LABEL) not in known:
                await container.remove()

    async def _take_up(self, run: Run, container: Container | None) -> None:
        state = await container.inspect() if container is not None else None
        if container is not None and (state is None or state.started_at is None):
            await container.remove()
            container = None
        supervisor = Supervisor(run, self._parts)
        if container is not None or _awaits_container(run):
            self._own(run, supervisor, supervisor.live(container))
        else:
            self._own(run, supervisor, supervisor.settle())

    async def _give_up(self, run: Run, container: Container | None, problem: Exception) -> None:
        if container is not None:
            await container.remove()
        end = partial(replace, finished_at=self.clock.now(), status_message=messages.supervisor_failed(problem))
        await self.runs.move(run.id, terminal_status(run.status, None), end)


def _awaits_container(run: Run) -> bool:
    """Whether a live run without a container is about to get one: its first, or the next after a restart."""
    return run.status in (JobStatus.READY, JobStatus.RUNNING) and (run.container_id is None or run.restart is not None)
