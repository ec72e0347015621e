"""A complete Greenroom instance on a scripted engine, with a real database and virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from api.response.presenters import present_job
from runtime.base.addresses import Addresses
from runtime.base.data_directory import DataDirectory
from runtime.base.lifecycle import JobStatus
from runtime.base.records import (
    Actor,
    Build,
    BuildOptions,
    EnvVar,
    Meta,
    Origin,
    Run,
    RunDefaults,
    TaggedBuild,
    User,
    new_id,
)
from runtime.base.settings import Settings
from runtime.database import Database
from runtime.database.sqlite_connection import SqliteConnection
from runtime.inputs.inputs import Input
from runtime.orchestrator import Orchestrator
from runtime.outbound import Outbound, OutboundResponse
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import VirtualClock
from tests.fakes.containers import FakeContainer, FakeContainers
from tests.fakes.data_directory import with_database
from tests.fakes.records import a_run

T = TypeVar("T")
META = Meta(origin=Origin.API)


class Stage:
    """One instance of Greenroom. `engine` and `clock` survive `close`, so a test can restart the server."""

    orchestrator: Orchestrator

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.engine = FakeContainers(self.clock)
        self.settings = Settings(
            data_dir=with_database(data_dir), **{"users": {}, "max_memory_mbytes": 16_384, **settings}
        )

    async def open(self) -> None:
        self._data_directory = DataDirectory(self.settings.data_dir)
        self.orchestrator = Orchestrator(
            self.settings,
            Addresses(self.settings.port, resolves_subdomains=True),
            self._data_directory,
            lambda _: self.engine,
            self.clock,
            present_job,
        )
        hold_clock_during_writes(self.orchestrator.database.connection, self.clock)
        hold_clock_during_requests(self.orchestrator.outbound, self.clock)
        await self.orchestrator.open(await self.engine.open())
        await self.clock.settle()

    async def close(self, *, stop_runs: bool = False) -> int:
        """Stop the server and return the number of live runs. Their containers keep running."""
        live_runs = await self.orchestrator.close(stop_runs=stop_runs)
        self._data_directory.close()
        return live_runs

    async def restart_server(self, secs: float = 0) -> None:
        """Stop the server, let `secs` pass and start it again."""
        await self.close()
        await self.clock.advance(secs)
        await self.open()

    async def open_with_run(self, run: Run, change: Callable[[Run], Run]) -> None:
        """Open after a change to the run's stored record, as if the last server had crashed in that state."""
        database = Database(self.settings.data_dir)
        await database.runs.update(run.id, change)
        database.close()
        await self.open()

    @property
    def user(self) -> User:
        username = next(iter(self.settings.users.values()), "local")
        user = self.orchestrator.users.by_username(username)
        assert user is not None
        return user

    async def create_actor(self, name: str = "hello", user: User | None = None, **defaults: Any) -> Actor:
        """Create an Actor with a successful build tagged `latest`."""
        owner = user or self.user
        actor = await self.orchestrator.actors.create(owner, name, (), defaults=RunDefaults(**defaults))
        await self.create_build(actor, "latest")
        return self.orchestrator.actors.get(actor.id)

    async def create_actor_with_schema(self, name: str = "picky", **fields: Any) -> Actor:
        """Create an Actor whose build has an input schema with these fields."""
        actor = await self.create_actor(name)
        build = self.orchestrator.builds.resolve(actor, "latest")
        schema = {"schemaVersion": 1, "properties": fields}
        await self.orchestrator.database.builds.update(build.id, lambda now: replace(now, input_schema=schema))
        return actor

    async def create_build(self, actor: Actor, tag: str, *env_vars: EnvVar, **fields: Any) -> Build:
        """Store a successful build and its image without building anything."""
        number = 1 + len(self.orchestrator.database.builds.of_actor(actor.id))
        image = self.engine.add_image(new_id())
        build = Build(
            id=new_id(),
            user_id=actor.user_id,
            actor_id=actor.id,
            version_number="0.0",
            number=f"0.0.{number}",
            number_int=number,
            status=JobStatus.SUCCEEDED,
            started_at=self.clock.now(),
            finished_at=self.clock.now(),
            meta=META,
            options=BuildOptions(tag=tag),
            env_vars=env_vars,
            image=image.id,
            **fields,
        )
        await self.orchestrator.database.builds.insert(build)
        tagged = TaggedBuild(build_id=build.id, build_number=build.number, finished_at=self.clock.now())
        await self.orchestrator.database.actors.update(
            actor.id, lambda now: replace(now, tagged_builds={**now.tagged_builds, tag: tagged})
        )
        return build

    async def start(self, actor: Actor | None = None, input: Input | None = None, **options: Any) -> Run:
        """Start a run, and return it when all tasks wait for time to pass: usually its container is running then."""
        actor = actor or await self.create_actor(f"actor-{new_id()}")
        owner = self.orchestrator.users.get(actor.user_id)
        run = await self.orchestrator.starting.start(
            StartRequest(user=owner, actor=actor, input=input, options=StartOptions(**options), meta=META)
        )
        await self.clock.settle()
        return self.current(run)

    def current(self, run: Run) -> Run:
        """The run's record as it is now."""
        return self.orchestrator.runs.get(run.id)

    def container_of(self, run: Run) -> FakeContainer:
        """The newest container of a run."""
        return self.containers_of(run)[-1]

    def containers_of(self, run: Run) -> list[FakeContainer]:
        """All containers that the run ever had, oldest first."""
        return [each for each in self.engine.created if each.spec.name.endswith(run.id)]

    async def finish(self, run: Run, exit_code: int = 0, **state: Any) -> Run:
        """Make the run's container exit, and return the run. `state` has more fields of its final state."""
        self.container_of(run).exits(exit_code, **state)
        await self.clock.settle()
        return self.current(run)

    async def abort(self, run: Run) -> Run:
        aborted = await self.orchestrator.orders.abort(self.current(run))
        await self.clock.settle()
        return aborted

    async def log_of(self, job_id: str) -> list[str]:
        """The lines of a log without their timestamps."""
        log = b"".join([piece async for piece in self.orchestrator.logs.read(job_id)])
        return [line.partition("Z ")[2] for line in log.decode().splitlines()]


def hold_clock_during_writes(connection: SqliteConnection, clock: VirtualClock) -> None:
    """Stop virtual time during database writes, which happen in a thread."""
    write = connection.write

    async def write_in_stopped_time(change: Callable[..., T], *, may_use_reserve: bool = False) -> T:
        with clock.working():
            return await write(change, may_use_reserve=may_use_reserve)

    connection.write = write_in_stopped_time  # type: ignore[method-assign]  # it wraps the real method


def hold_clock_during_requests(outbound: Outbound, clock: VirtualClock) -> None:
    """Stop virtual time during outbound requests, whose responses come through real sockets."""
    post = outbound.post

    async def post_in_stopped_time(
        url: str, body: str, headers: Mapping[str, str], *, verify: bool
    ) -> OutboundResponse:
        with clock.working():
            return await post(url, body, headers, verify=verify)

    outbound.post = post_in_stopped_time  # type: ignore[method-assign]  # it wraps the real method


def record_moves(stage: Stage) -> list[tuple[str, JobStatus]]:
    """Record every status that any run gets from now on, with the run's id, in order."""
    moves: list[tuple[str, JobStatus]] = []
    move = stage.orchestrator.statuses.move

    async def move_and_record(id: str, to: JobStatus, change: Callable[[Run], Run] = lambda run: run) -> bool:
        moved = await move(id, to, change)
        if moved:
            moves.append((id, to))
        return moved

    stage.orchestrator.statuses.move = move_and_record  # type: ignore[method-assign]  # it wraps the real method
    return moves


async def insert_run(stage: Stage, status: JobStatus, id: str = "run1") -> Run:
    """Store a run that has no supervisor. It replaces an earlier one with the same id."""
    await stage.orchestrator.database.runs.delete(id)
    return await stage.orchestrator.database.runs.insert(a_run(id=id, status=status))
