"""The composition root: builds the parts of one instance, opens them and closes them in order."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from runtime.access.general_access import GeneralAccesses
from runtime.access.sessions import Sessions
from runtime.access.signatures import Signer
from runtime.access.signed_objects import SignedObjects
from runtime.access.users import Users
from runtime.account_limits import AccountLimits
from runtime.actor_deletion import ActorDeletion
from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.actors.versions import Versions
from runtime.base.addresses import Addresses
from runtime.base.clock import AdvanceableClock, Clock
from runtime.base.data_directory import DataDirectory
from runtime.base.errors import StorageUnavailable
from runtime.base.folder_size import FolderSize
from runtime.base.json_text import JsonDict
from runtime.base.records import Aborter, Build, ProxyUse, Run
from runtime.base.settings import Settings
from runtime.billing.billing import Billing
from runtime.billing.monthly_usage import MonthlyUsage
from runtime.builds import Builder, BuildImages, Builds, LiveBuilds, Sources
from runtime.clock_advance import ClockAdvance
from runtime.containers import Containers, Engine
from runtime.database import Database
from runtime.explanations.explanations import Explanations
from runtime.fits.composition import create_fits
from runtime.history import RunHistory
from runtime.inputs.inputs import Inputs
from runtime.inputs.keys import InputKeys
from runtime.jobs import resource_limits, stats
from runtime.jobs.completion import Completion
from runtime.jobs.job_quota import JobQuota
from runtime.jobs.logs import Logs
from runtime.live_events import LiveEvents, RowFeed
from runtime.outbound import Outbound
from runtime.proxy import Proxy
from runtime.pruning import Pruning
from runtime.retention import Retention
from runtime.runs.creation import RunCreator
from runtime.runs.deletion import RunDeletion
from runtime.runs.development import Development
from runtime.runs.live_runs import LiveRuns
from runtime.runs.metamorph import Metamorphs
from runtime.runs.orders import Orders
from runtime.runs.recovery import RunRecovery
from runtime.runs.resurrection import Resurrection
from runtime.runs.run_containers import RunContainers
from runtime.runs.run_environments import RunEnvironments
from runtime.runs.run_inputs import RunInputs
from runtime.runs.runs import Runs
from runtime.runs.start_plan import StartPlanner
from runtime.runs.starting import Starting
from runtime.runs.status import RunStatuses
from runtime.runs.supervision import supervisor_context
from runtime.runs.supervisor import SupervisorContext
from runtime.runs.system_events import SystemEvents
from runtime.schedules.scheduled_starts import ScheduledStarts
from runtime.schedules.scheduler import Scheduler
from runtime.schedules.schedules import Schedules
from runtime.standby.composition import create_standby
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues
from runtime.storages.run_storages import Storages
from runtime.webhooks.delivery import Delivery
from runtime.webhooks.dispatches import Dispatches
from runtime.webhooks.webhooks import Webhooks

log = logging.getLogger("greenroom.server")


class Orchestrator:
    """One instance of Greenroom on an open data directory. Call `open` first and `close` last.

    `connect` opens the door to the engine for an instance's id. `present` returns the JSON of a run or build as the API
    returns it to its owner: webhooks send it. Raises NewerSchema and WrongKey.
    """

    engine: Engine

    def __init__(
        self,
        settings: Settings,
        addresses: Addresses,
        data_directory: DataDirectory,
        connect: Callable[[str], Containers],
        clock: Clock,
        present: Callable[[Orchestrator, Run | Build], JsonDict],
    ) -> None:
        self.settings = settings
        self.addresses = addresses
        self.clock = clock
        self.advanceable_clock = AdvanceableClock(clock)
        self.signer = Signer(data_directory.signing_key)
        self.signed_objects = SignedObjects(data_directory.signing_key)
        self.containers = connect(data_directory.instance_id)
        self.database = Database(settings.data_dir, clock)
        self._create_foundations()
        self._create_storages()
        self._create_limits()
        self._create_webhooks(present)
        self._create_builds(data_directory.instance_id)
        self._create_runs()
        self._create_schedules()
        self._create_deletion()
        self._create_fits()
        self.standby = create_standby(self)
        self.explanations = Explanations(
            database=self.database, logs=self.logs, clock=clock, cpu_burst_secs=settings.cpu_burst_secs
        )
        self._background_tasks: list[asyncio.Task[None]] = []

    def _create_foundations(self) -> None:
        database, settings = self.database, self.settings
        self.latest_jobs = database.latest_jobs
        self.live_events = LiveEvents(self.clock)
        self.data_folder = FolderSize(settings.data_dir, self.clock)
        self.row_feed = RowFeed(database, self.clock)
        self.logs = Logs(database.logs, self.clock)
        self.history = RunHistory(database=database, logs=self.logs, containers=self.containers, clock=self.clock)
        self.system_events = SystemEvents(self.history.timeline.add_system_event)
        self.users = Users(database, settings.users, self.clock)
        self.sessions = Sessions(users=self.users, signer=self.signer, ended=database.ended_sessions, clock=self.clock)
        self.general_accesses = GeneralAccesses(database, settings.general_access)
        self.versions = Versions(database, self.clock)
        self.actors = Actors(
            database=database, users=self.users, versions=self.versions, clock=self.clock, most=settings.plan.max_actors
        )
        self.tasks = Tasks(
            database=database, users=self.users, actors=self.actors, clock=self.clock, most=settings.plan.max_tasks
        )
        self.outbound = Outbound(settings.outbound_policy)
        self.proxy = Proxy(settings.proxy, self._record_proxy_use)
        self.completion = Completion(self.clock)
        self._input_keys = InputKeys(database.input_keys, database.vault)

    def _create_storages(self) -> None:
        self.datasets = Datasets(self.database, self.clock)
        self.key_value_stores = KeyValueStores(self.database, self.clock)
        self.request_queues = RequestQueues(self.database, self.clock)
        self._run_storages = Storages(self.datasets, self.key_value_stores, self.request_queues)
        self.billing = Billing(self.database, self._run_storages, self.clock, self.settings.plan)

    def _create_limits(self) -> None:
        settings = self.settings
        self.monthly_usage = MonthlyUsage(
            database=self.database, users=self.users, billing=self.billing, plan=settings.plan, clock=self.clock
        )
        cap_mbytes, max_jobs = resource_limits.of_user(settings.plan, settings.max_memory_mbytes)
        self.job_quota = JobQuota(
            self.database, cap_mbytes=cap_mbytes, max_jobs=max_jobs, check_usage=self.monthly_usage.check
        )
        self.account_limits = AccountLimits(
            database=self.database,
            users=self.users,
            plan=settings.plan,
            job_quota=self.job_quota,
            monthly_usage=self.monthly_usage,
            clock=self.clock,
            retention_days=settings.retention_days,
        )

    def _create_webhooks(self, present: Callable[[Orchestrator, Run | Build], JsonDict]) -> None:
        self.webhooks = Webhooks(database=self.database, actors=self.actors, tasks=self.tasks, clock=self.clock)
        self._delivery = Delivery(
            dispatches=self.database.dispatches,
            outbound=self.outbound,
            clock=self.clock,
            addresses=self.addresses,
            server_token=self.users.server_token,
        )
        self.dispatches = Dispatches(
            database=self.database, clock=self.clock, present=partial(present, self), wake_delivery=self._delivery.wake
        )

    def _create_builds(self, instance_id: str) -> None:
        images = BuildImages(containers=self.containers, database=self.database, instance_id=instance_id)
        self.builds = Builds(
            database=self.database,
            actors=self.actors,
            images=images,
            job_quota=self.job_quota,
            logs=self.logs,
            completion=self.completion,
            dispatches=self.dispatches,
            clock=self.clock,
        )
        sources, workspaces = Sources(self.outbound), self.settings.data_dir / "sources"
        self.builder = Builder(sources=sources, images=images, vault=self.database.vault, workspaces=workspaces)
        self.development = Development(self.containers)
        self.live_builds = LiveBuilds(
            builds=self.builds,
            builder=self.builder,
            actors=self.actors,
            versions=self.versions,
            job_quota=self.job_quota,
            logs=self.logs,
            dispatches=self.dispatches,
            clock=self.clock,
        )

    def _create_runs(self) -> None:
        self.runs = Runs(database=self.database, completion=self.completion)
        self.statuses = RunStatuses(
            database=self.database,
            runs=self.runs,
            billing=self.billing,
            completion=self.completion,
            dispatches=self.dispatches,
        )
        inputs = Inputs(self._input_keys)
        self._run_inputs = RunInputs(inputs=inputs, storages=self._run_storages, runs=self.runs)
        self.live_runs = LiveRuns(runs=self.runs, logs=self.logs, system_events=self.system_events, proxy=self.proxy)
        self._planner = StartPlanner(
            users=self.users,
            actors=self.actors,
            builds=self.builds,
            inputs=inputs,
            clock=self.clock,
            strict_memory=self.settings.strict_memory,
            tier=self.settings.plan.tier,
        )
        self.starting = Starting(
            planner=self._planner,
            job_quota=self.job_quota,
            creator=self._run_creator(),
            admit=self.live_runs.begin,
            dispatches=self.dispatches,
            actors=self.actors,
            tasks=self.tasks,
        )
        self._create_orders(inputs)

    def _run_creator(self) -> RunCreator:
        return RunCreator(
            runs=self.runs,
            run_inputs=self._run_inputs,
            storages=self._run_storages,
            webhooks=self.webhooks,
            logs=self.logs,
            addresses=self.addresses,
            clock=self.clock,
        )

    def _run_recovery(self) -> RunRecovery:
        return RunRecovery(
            runs=self.runs,
            statuses=self.statuses,
            containers=self.containers,
            live_runs=self.live_runs,
            clock=self.clock,
        )

    def _create_orders(self, inputs: Inputs) -> None:
        self.orders = Orders(
            runs=self.runs,
            statuses=self.statuses,
            system_events=self.system_events,
            clock=self.clock,
            nudge=self.live_runs.nudge,
        )
        self.metamorphs = Metamorphs(
            actors=self.actors,
            orders=self.orders,
            builds=self.builds,
            inputs=inputs,
            run_inputs=self._run_inputs,
            storages=self._run_storages,
            addresses=self.addresses,
            clock=self.clock,
        )
        self.resurrection = Resurrection(
            planner=self._planner,
            job_quota=self.job_quota,
            statuses=self.statuses,
            billing=self.billing,
            live_runs=self.live_runs,
            dispatches=self.dispatches,
            addresses=self.addresses,
            clock=self.clock,
        )

    def _create_schedules(self) -> None:
        starts = ScheduledStarts(users=self.users, actors=self.actors, tasks=self.tasks, starting=self.starting)
        self.scheduler = Scheduler(database=self.database, starts=starts, clock=self.advanceable_clock)
        self.schedules = Schedules(
            database=self.database,
            users=self.users,
            actors=self.actors,
            tasks=self.tasks,
            clock=self.advanceable_clock,
            wake=self.scheduler.wake,
            most=self.settings.plan.max_schedules,
        )
        self.clock_advance = ClockAdvance(
            clock=self.advanceable_clock, scheduler=self.scheduler, delivery=self._delivery
        )

    def _create_deletion(self) -> None:
        self.run_deletion = RunDeletion(
            runs=self.runs,
            database=self.database,
            storages=self._run_storages,
            webhooks=self.webhooks,
            dispatches=self.dispatches,
            logs=self.logs,
            history=self.history,
        )
        self.actor_deletion = ActorDeletion(
            database=self.database,
            job_quota=self.job_quota,
            actors=self.actors,
            tasks=self.tasks,
            webhooks=self.webhooks,
            builds=self.builds,
            input_keys=self._input_keys,
        )
        self.pruning = Pruning(users=self.users, builds=self.builds)
        self.retention = Retention(
            users=self.users,
            runs=self.runs,
            run_deletion=self.run_deletion,
            builds=self.builds,
            storages=self._run_storages,
            dispatches=self.dispatches,
            clock=self.advanceable_clock,
            limits=self.account_limits,
        )

    def _create_fits(self) -> None:
        self.fits = create_fits(
            database=self.database,
            clock=self.clock,
            planner=self._planner,
            job_quota=self.job_quota,
            users=self.users,
            actors=self.actors,
            versions=self.versions,
            builds=self.builds,
            starting=self.starting,
            runs=self.runs,
            orders=self.orders,
            run_deletion=self.run_deletion,
            metrics=self.history.metrics,
            billing=self.billing,
        )

    async def open(self, engine: Engine, proxy_sockets: Sequence[socket.socket] = ()) -> None:
        """Create the users and recover what the last server left. Await it before serving requests.

        The proxy serves the listening sockets `proxy_sockets`; without them, there is none.
        """
        self.engine = engine
        self.live_runs.open(self._supervisor_context(engine))
        await self.users.open()
        await self.proxy.open(
            proxy_sockets,
            [(user.id, self.signer.proxy_password(user.id)) for user in self.users.all()],
            host_address=engine.gateway or "127.0.0.1",
            api_port=self.addresses.port,
        )
        await self.run_deletion.drop_orphans()
        await self.dispatches.recover()
        await self.live_builds.recover()
        await self._run_recovery().recover()
        for part in (self._delivery, self.scheduler, self.fits, self.standby):
            part.open()
        self._background_tasks = [
            asyncio.create_task(self.retention.sweep_hourly(), name="retention"),
            asyncio.create_task(self.monthly_usage.count_hourly(), name="usage"),
        ]

    def release_waiters(self) -> None:
        """Release all requests that wait for an event: the server is about to stop."""
        for part in (self.live_events, self.logs, self.system_events, self.completion, self.fits, self.standby):
            part.release_waiters()

    async def close(self, *, stop_runs: bool) -> int:
        """Close the parts in order. Returns how many live runs the next start has to adopt."""
        for task in self._background_tasks:
            task.cancel()
        if self._background_tasks:
            await asyncio.wait(self._background_tasks)
        await self.live_events.close()
        await self.data_folder.close()
        await self.scheduler.close()
        await self.fits.close(stop=stop_runs)
        await self.standby.close()
        await self.live_builds.close()
        if stop_runs:
            await self._stop_runs()
        live = await self.live_runs.close()
        await self.history.close()
        await self.proxy.close()
        await self.dispatches.close()
        await self._delivery.close()
        await self.containers.close()
        for service in (self.datasets, self.key_value_stores, self.request_queues):
            await service.close()
        self.database.close()
        return live

    async def _record_proxy_use(self, run_id: str, used: Mapping[str, ProxyUse]) -> None:
        await self.runs.change_stats(run_id, partial(stats.with_proxy_use, used=used))

    async def _stop_runs(self) -> None:
        try:
            for run_id in self.live_runs.live_run_ids:
                await self.orders.abort(self.runs.get(run_id), by=Aborter.SERVER)
        except StorageUnavailable as problem:
            log.warning("Live runs continue, and the next start adopts them: %s", problem)
        else:
            await self.live_runs.wait_all()

    def _supervisor_context(self, engine: Engine) -> SupervisorContext:
        run_containers = RunContainers(
            containers=self.containers,
            engine=engine,
            environments=RunEnvironments(
                self.actors, self.users, self.billing, self._input_keys, self.addresses, self.history.environments
            ),
            cpu_burst_secs=self.settings.cpu_burst_secs,
        )
        return supervisor_context(
            run_containers=run_containers,
            containers=self.containers,
            engine=engine,
            runs=self.runs,
            statuses=self.statuses,
            run_inputs=self._run_inputs,
            builds=self.builds,
            request_queues=self.request_queues,
            billing=self.billing,
            system_events=self.system_events,
            proxy=self.proxy,
            metrics=self.history.metrics,
            clock=self.clock,
            burst_secs=self.settings.cpu_burst_secs,
        )
