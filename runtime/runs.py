"""Runs: how one starts, what can be asked of it, and the only writer of its status."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.actors import Actors
from runtime.addresses import Addresses
from runtime.budget import Budget
from runtime.builds import Builds
from runtime.clock import Clock
from runtime.endings import Endings
from runtime.environment import INPUT_KEY, web_server_port
from runtime.errors import Invalid, record_not_found
from runtime.lifecycle import JobStatus, may_move
from runtime.limits import disk_mbytes, memory_mbytes
from runtime.logs import Logs
from runtime.records import Actor, Build, Meta, PermissionLevel, Run, RunOptions, RunStats, User, new_id
from runtime.settings import Settings
from runtime.storages.defaults import Storages
from runtime.store import Store
from runtime.store.tables import UNFINISHED, Page
from runtime.users import new_run_token

KEY_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
WEB_KEY_LENGTH = 25
"""Letters and digits of a web server's name: 129 bits, valid in a host name, which knows no case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """What a caller asked for; None where the Actor's defaults hold. Units as in the Run Actor endpoint."""

    build: str | None = None
    timeout_secs: int | None = None
    memory_mbytes: float | None = None
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool | None = None
    permission_level: PermissionLevel | None = None
    webhooks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a list of runs is narrowed to; times in milliseconds."""

    statuses: tuple[str, ...] = ()
    origin: str | None = None
    started_after: int | None = None
    started_before: int | None = None


class Runs:
    """All runs of an instance. `supervise` is handed down by the orchestrator: it takes a new run to its end."""

    def __init__(
        self,
        store: Store,
        actors: Actors,
        builds: Builds,
        storages: Storages,
        budget: Budget,
        logs: Logs,
        endings: Endings,
        clock: Clock,
        settings: Settings,
        addresses: Addresses,
        supervise: Callable[[Run], None],
        stop: Callable[[Run], Awaitable[None]],
    ) -> None:
        self._store = store
        self._actors = actors
        self._builds = builds
        self._storages = storages
        self._budget = budget
        self._logs = logs
        self._endings = endings
        self._clock = clock
        self._settings = settings
        self._addresses = addresses
        self._supervise = supervise
        self._stop = stop

    async def start(self, user: User, actor: Actor, input: Input | None, options: StartOptions, meta: Meta) -> Run:
        """Record a run of the Actor as READY and hand it to a supervisor; return at once.

        Raises Invalid where the build or an option is wrong, LimitReached where the user's memory does not allow it;
        nothing is recorded then.
        """
        granted = self._granted(actor, options)
        async with self._budget.room_for(user, granted.memory_mbytes):
            # Looked up inside: what is deleted takes the same door, and a run must have its Actor and build.
            build = self._builds.resolve(self._actors.get(actor.id), granted.build)
            run = await self._record(user, actor, build, input, options, granted, meta)
            self._supervise(run)
        await self._actors.count_run(actor, run.started_at)
        return run

    def get(self, id: str) -> Run:
        """Raises NotFound."""
        run = self._store.runs.get(id)
        if run is None:
            raise record_not_found("Run", id)
        return run

    def of_web_key(self, web_key: str) -> Run | None:
        return self._store.runs.find("web_key = ?", web_key)

    def of_events_key(self, events_key: str) -> Run | None:
        return self._store.runs.find("events_key = ?", events_key)

    def last(self, actor: Actor, wanted: RunFilter) -> Run:
        """The Actor's newest run that fits. Raises NotFound."""
        condition, values = _condition("actor_id = ?", actor.id, wanted)
        run = self._store.runs.find(f"{condition} ORDER BY started_at DESC, rowid DESC", *values)
        if run is None:
            raise record_not_found("Run", "last")
        return run

    def page(
        self, user: User, actor: Actor | None, wanted: RunFilter, *, descending: bool, offset: int, limit: int
    ) -> Page[Run]:
        """The user's runs, or one Actor's, by start."""
        whose = ("user_id = ?", user.id) if actor is None else ("actor_id = ?", actor.id)
        condition, values = _condition(*whose, wanted)
        return self._store.runs.page(
            condition, values, order_by="started_at", descending=descending, offset=offset, limit=limit
        )

    def unfinished(self) -> list[Run]:
        return self._store.runs.all(UNFINISHED)

    async def wait(self, id: str, secs: float) -> Run:
        """The run when it has ended, or as it is after `secs`."""
        if secs > 0 and not self.get(id).status.is_terminal:
            await self._endings.wait(id, secs)
        return self.get(id)

    async def abort(self, run: Run) -> Run:
        """Stop a run at once; one that has ended, or is being aborted, stays as it is. Returns it as it then is."""
        await self._stop(run)
        return self.get(run.id)

    async def set_status_message(self, id: str, message: str | None, is_terminal: bool | None) -> Run:
        """What the Actor says of itself. It may come just after the process ended: the platform keeps it then."""
        return await self.change(
            id, lambda now: replace(now, status_message=message, is_status_message_terminal=is_terminal)
        )

    async def change(self, id: str, change: Callable[[Run], Run]) -> Run:
        """Change anything of the run but its status. Raises NotFound."""
        run = await self._store.runs.update(id, lambda now: replace(change(now), status=now.status))
        if run is None:
            raise record_not_found("Run", id)
        return run

    async def move(self, id: str, to: JobStatus, change: Callable[[Run], Run] = lambda run: run) -> bool:
        """The only writer of a run's status: moves it, and applies `change`, if the lifecycle allows the move.

        False, and nothing written, where it does not: somebody else was first.
        """
        allowed = False

        def moved(now: Run) -> Run:
            nonlocal allowed
            allowed = may_move(now.status, to)
            return replace(change(now), status=to) if allowed else now

        if await self._store.runs.update(id, moved) is None:
            raise record_not_found("Run", id)
        if allowed and to.is_terminal:
            self._endings.tell(id)
        return allowed

    async def change_stats(self, id: str, change: Callable[[RunStats], RunStats]) -> RunStats:
        return (await self.change(id, lambda now: replace(now, stats=change(now.stats)))).stats

    async def delete(self, run: Run) -> None:
        """Drop an ended run with its default storages and log. Raises Invalid for a live one."""
        if not run.status.is_terminal:
            raise Invalid("cannot-remove-running-run", "A run that has not finished can't be deleted: abort it first")
        await self._storages.drop_of_run(run.id)
        await self._store.runs.delete("id = ?", run.id)
        self._logs.delete(run.id)

    def _granted(self, actor: Actor, options: StartOptions) -> RunOptions:
        defaults = actor.defaults
        asked = defaults.memory_mbytes if options.memory_mbytes is None else options.memory_mbytes
        memory = memory_mbytes(asked, strict=self._settings.strict_memory)
        return RunOptions(
            build=options.build or defaults.build,
            timeout_secs=defaults.timeout_secs if options.timeout_secs is None else options.timeout_secs,
            memory_mbytes=memory,
            disk_mbytes=disk_mbytes(memory),
            asked_mbytes=asked,
            max_items=options.max_items,
            max_total_charge_usd=options.max_total_charge_usd,
            restart_on_error=(
                defaults.restart_on_error if options.restart_on_error is None else options.restart_on_error
            ),
        )

    async def _record(
        self,
        user: User,
        actor: Actor,
        build: Build,
        input: Input | None,
        options: StartOptions,
        granted: RunOptions,
        meta: Meta,
    ) -> Run:
        """Open the default storages, store the input, insert the run."""
        id, web_key = new_id(), new_key(WEB_KEY_LENGTH)
        storages = await self._storages.open_defaults(user.id, id)
        if input is not None:
            await self._storages.key_value_stores.set_record(
                storages.key_value_store_id, INPUT_KEY, input.body, input.content_type
            )
        return await self._store.runs.insert(
            Run(
                id=id,
                user_id=user.id,
                actor_id=actor.id,
                build_id=build.id,
                build_number=build.number,
                status=JobStatus.READY,
                started_at=self._clock.now(),
                meta=meta,
                options=granted,
                default_key_value_store_id=storages.key_value_store_id,
                default_dataset_id=storages.dataset_id,
                default_request_queue_id=storages.request_queue_id,
                permission_level=options.permission_level or actor.permission_level,
                token=new_run_token(),
                web_key=web_key,
                events_key=secrets.token_urlsafe(24),
                container_url=self._addresses.container_url(web_key),
                api_port=self._addresses.port,
                web_server_port=web_server_port(build.env_vars, build.image_environment),
                stats=RunStats(input_body_len=len(input.body) if input else 0),
                webhooks=options.webhooks,
            )
        )


def new_key(length: int) -> str:
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(length))


def _condition(whose: str, id: str, wanted: RunFilter) -> tuple[str, list[object]]:
    parts, values = [whose], [id]
    if wanted.statuses:
        parts.append(f"status IN ({','.join('?' * len(wanted.statuses))})")
        values.extend(wanted.statuses)
    for condition, value in (
        ("origin = ?", wanted.origin),
        ("started_at >= ?", wanted.started_after),
        ("started_at <= ?", wanted.started_before),
    ):
        if value is not None:
            parts.append(condition)
            values.append(value)  # type: ignore[arg-type]
    return " AND ".join(parts), list(values)
