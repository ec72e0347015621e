"""A whole instance on a scripted engine, a real store and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from api.response.presenters import present_job
from runtime.base.addresses import Addresses
from runtime.base.data_directory import Instance
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
from runtime.outbound import Answer, Outbound
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import VirtualClock
from tests.fakes.containers import FakeContainer, FakeContainers

T = TypeVar("T")
META = Meta(origin=Origin.API)


class Stage:
    """`engine` and `clock` outlive a `crash` of the server, as in life."""

    orchestrator: Orchestrator

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.engine = FakeContainers(self.clock)
        self.settings = Settings(data_dir=data_dir, **{"users": {}, "max_memory_mbytes": 16_384, **settings})

    async def open(self) -> None:
        self._instance = Instance(self.settings.data_dir)
        self.orchestrator = Orchestrator(
            self.settings,
            Addresses(self.settings.port, resolves_subdomains=True),
            self._instance,
            lambda _: self.engine,
            self.clock,
            present_job,
        )
        tell_of_writes(self.orchestrator.database.connection, self.clock)
        tell_of_requests(self.orchestrator.outbound, self.clock)
        await self.orchestrator.open(await self.engine.open())
        await self.clock.settle()

    async def close(self, *, stop_runs: bool = False) -> int:
        """Stop the server; what runs stays where it is."""
        left = await self.orchestrator.close(stop_runs=stop_runs)
        self._instance.close()
        return left

    async def open_as(self, run: Run, status: JobStatus) -> None:
        """Open as if the last server had died when the run had this status."""
        await self.open_with(run, lambda now: replace(now, status=status))

    async def open_with(self, run: Run, change: Callable[[Run], Run]) -> None:
        """Open as if the last server had died with the run's record like that."""
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

    async def an_actor(self, name: str = "hello", user: User | None = None, **defaults: Any) -> Actor:
        """An Actor with a build to run."""
        owner = user or self.user
        actor = await self.orchestrator.actors.create(owner, name, (), defaults=RunDefaults(**defaults))
        await self.a_build(actor, "latest")
        return self.orchestrator.actors.get(actor.id)

    async def an_actor_with_schema(self, name: str = "picky", **fields: Any) -> Actor:
        """An Actor with a build to run, whose input schema has these fields."""
        actor = await self.an_actor(name)
        build = self.orchestrator.builds.resolve(actor, "latest")
        schema = {"schemaVersion": 1, "properties": fields}
        await self.orchestrator.database.builds.update(build.id, lambda now: replace(now, input_schema=schema))
        return actor

    async def a_build(self, actor: Actor, tag: str, *env_vars: EnvVar, **fields: Any) -> Build:
        """A build that has succeeded, without having been made."""
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
        """Start a run and let it come as far as it comes by itself."""
        actor = actor or await self.an_actor(f"actor-{new_id()}")
        owner = self.orchestrator.users.get(actor.user_id)
        run = await self.orchestrator.starting.start(
            StartRequest(user=owner, actor=actor, input=input, options=StartOptions(**options), meta=META)
        )
        await self.clock.settle()
        return self.now(run)

    def held(self, method: str) -> tuple[asyncio.Event, asyncio.Event]:
        """Make the engine wait in `create` or `start`; what tells when it got there, and what lets it go on."""
        reached, go_on = asyncio.Event(), asyncio.Event()

        def slow(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def wait(*given: Any) -> Any:
                reached.set()
                await go_on.wait()
                return await original(*given)

            return wait

        if method == "create":
            self.engine.create = slow(self.engine.create)  # type: ignore[method-assign]
        else:

            def on_create(container: FakeContainer) -> None:
                container.start = slow(container.start)  # type: ignore[method-assign]

            self.engine.on_create = on_create
        return reached, go_on

    def now(self, run: Run) -> Run:
        return self.orchestrator.runs.get(run.id)

    def container_of(self, run: Run) -> FakeContainer:
        """The newest container of a run."""
        return self.containers_of(run)[-1]

    def containers_of(self, run: Run) -> list[FakeContainer]:
        """All that a run ever had, oldest first."""
        return [each for each in self.engine.created if each.spec.name.endswith(run.id)]

    async def ended(self, run: Run, code: int = 0, **how: Any) -> Run:
        """The run after its container has ended."""
        self.container_of(run).exits(code, **how)
        await self.clock.settle()
        return self.now(run)

    async def abort(self, run: Run) -> Run:
        aborted = await self.orchestrator.orders.abort(self.now(run))
        await self.clock.settle()
        return aborted

    async def log_of(self, job_id: str) -> list[str]:
        """The lines of a log without their stamps."""
        log = b"".join([piece async for piece in self.orchestrator.logs.read(job_id)])
        return [line.partition("Z ")[2] for line in log.decode().splitlines()]


def tell_of_writes(connection: SqliteConnection, clock: VirtualClock) -> None:
    """Writes are made in a thread: virtual time waits for them."""
    write = connection.write

    async def told(change: Callable[..., T]) -> T:
        with clock.working():
            return await write(change)

    connection.write = told  # type: ignore[method-assign]


def tell_of_requests(outbound: Outbound, clock: VirtualClock) -> None:
    """Answers come through sockets: virtual time waits for them."""
    post = outbound.post

    async def told(url: str, body: str, headers: Mapping[str, str], *, verify: bool) -> Answer:
        with clock.working():
            return await post(url, body, headers, verify=verify)

    outbound.post = told  # type: ignore[method-assign]
