"""Runs: how one starts, what can be asked of it, and the only writer of its status."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from runtime.access import permissions
from runtime.access.permissions import StorageAccess
from runtime.access.users import Users, new_run_token
from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid, record_not_found
from runtime.base.json_text import dumps, loads
from runtime.base.lifecycle import JobStatus, may_move
from runtime.base.paging import Page, Paging
from runtime.base.records import (
    Actor,
    Build,
    Meta,
    Metamorph,
    PricingModel,
    Restart,
    Run,
    RunFilter,
    RunOptions,
    RunStats,
    StorageGrant,
    Task,
    User,
    WebhookEvent,
    new_event,
    new_id,
)
from runtime.base.settings import Settings
from runtime.billing import prices
from runtime.billing.billing import Billing
from runtime.builds import Builds
from runtime.builds.image_environment import to_hide, web_server_port
from runtime.database import Database
from runtime.inputs import inputs
from runtime.inputs.encryption import InputCipher, secret_fields, texts
from runtime.inputs.inputs import JSON_TYPE, Input
from runtime.inputs.keys import InputKeys
from runtime.inputs.passed_storages import passed_storages
from runtime.jobs.completion import Completion
from runtime.jobs.logs import Logs
from runtime.jobs.memory_quota import MemoryQuota
from runtime.jobs.stats import run_compute_units
from runtime.runs import messages
from runtime.runs.default_memory import default_memory
from runtime.runs.environment import INPUT_KEY
from runtime.runs.options import StartOptions, granted_options, granted_over, over_input, over_task
from runtime.runs.output_schema import output
from runtime.runs.restarts import MAX_METAMORPHS
from runtime.runs.system_events import SystemEvents, pending
from runtime.storages.run_storages import Storages
from runtime.webhooks.dispatches import Dispatches
from runtime.webhooks.webhooks import Webhooks

KEY_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
ABORT_GRACE_MILLIS = 30_000
"""What a gracefully aborted Actor has to save its state (platform documentation, "Aborting runs")."""
MIGRATION_MILLIS = 30_000
"""What a migrating Actor has; the platform promises a few seconds and takes up to a minute."""
WEB_KEY_LENGTH = 25
"""Letters and digits of a web server's name: 129 bits, valid in a host name, which knows no case."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Who starts a run, and with what."""

    user: User
    input: Input | None
    options: StartOptions
    meta: Meta
    by: Run | None
    task: Task | None


class Supervision(Protocol):
    """What the orchestrator hands down, since supervisors stand above: each live run has one."""

    def begin(self, run: Run) -> None:
        """Take a run to its end."""

    def nudge(self, run_id: str) -> None:
        """Orders were written into the run's record."""

    async def cleared(self, run_id: str) -> None:
        """Return when the container of a run that has ended is out of the way."""


def _unchanged(run: Run) -> Run:
    return run


class Runs:
    """All runs of an instance. What should happen to a live one is written into its record; its supervisor obeys."""

    def __init__(
        self,
        database: Database,
        users: Users,
        actors: Actors,
        tasks: Tasks,
        builds: Builds,
        input_keys: InputKeys,
        storages: Storages,
        memory_quota: MemoryQuota,
        billing: Billing,
        logs: Logs,
        completion: Completion,
        clock: Clock,
        settings: Settings,
        addresses: Addresses,
        events: SystemEvents,
        webhooks: Webhooks,
        dispatches: Dispatches,
        supervision: Supervision,
    ) -> None:
        self._database = database
        self._users = users
        self._actors = actors
        self._tasks = tasks
        self._builds = builds
        self._input_keys = input_keys
        self._storages = storages
        self._memory_quota = memory_quota
        self._billing = billing
        self._logs = logs
        self._completion = completion
        self._clock = clock
        self._settings = settings
        self._addresses = addresses
        self._events = events
        self._webhooks = webhooks
        self._dispatches = dispatches
        self._supervision = supervision

    async def start(
        self,
        user: User,
        actor: Actor,
        input: Input | None,
        options: StartOptions,
        meta: Meta,
        *,
        by: Run | None = None,
        task: Task | None = None,
    ) -> Run:
        """Record a run of the Actor as READY and hand it to a supervisor; return at once.

        `by` is the run with whose token it is started, `task` what it is a run of. Raises Invalid where the build, an
        option or the input is wrong, Forbidden, LimitReached where the user's memory does not allow it; nothing is
        recorded then.
        """
        permissions.check_start(by, actor, options.permission_level or actor.defaults.permission_level)
        build = self._builds.resolve(actor, options.build or actor.defaults.build)
        completed = await _completed(build, input)
        memory, problem = default_memory(actor.defaults, build.definition, options, completed)
        granted = granted_options(actor, memory, options, strict_memory=self._settings.strict_memory)
        prices.check_max_charge(prices.in_force(actor.pricings, self._clock.now()), granted)
        async with self._memory_quota.reserve(user, granted.memory_mbytes):
            start = _Start(user, await self._sealed(user.id, build, completed), options, meta, by, task)
            # Looked up again: what is deleted takes the same door, and a run must have its Actor and build.
            run = await self._record(self._actors.get(actor.id), self._builds.get(build.id), granted, start)
            if problem is not None and options.memory_mbytes is None:
                self._say(run, messages.no_dynamic_memory(problem, granted.memory_mbytes))
            self._supervision.begin(run)
        await self._dispatches.dispatch_pending(run)
        await self._actors.count_run(actor, run.started_at)
        return run

    async def start_task(
        self, user: User, task: Task, input: Input | None, options: StartOptions, meta: Meta, *, by: Run | None = None
    ) -> Run:
        """Start a run of a task: what is asked for goes over the task's options and input. Raises as `start`."""
        actor = self._actors.get_runnable(user, task.actor_id)
        given, asked = over_input(task, input), over_task(task.options, options)
        run = await self.start(user, actor, given, asked, meta, by=by, task=task)
        await self._tasks.count_run(task.id)
        return run

    def get(self, id: str) -> Run:
        """Raises NotFound."""
        run = self._database.runs.get(id)
        if run is None:
            raise record_not_found("Run", id)
        return run

    def of_web_key(self, web_key: str) -> Run | None:
        return self._database.runs.by_web_key(web_key)

    def of_events_key(self, events_key: str) -> Run | None:
        return self._database.runs.by_events_key(events_key)

    def last(self, user: User, of: Actor | Task, wanted: RunFilter) -> Run:
        """The user's newest run of an Actor or task that fits. Raises NotFound."""
        run = self._database.runs.newest(user.id, of, wanted)
        if run is None:
            raise record_not_found("Run", "last")
        return run

    def page(self, user: User, of: Actor | Task | None, wanted: RunFilter, paging: Paging) -> Page[Run]:
        """The user's runs, or those of one Actor or task, by start."""
        return self._database.runs.page(user.id, of, wanted, paging)

    def ended_before(self, user: User, moment: Millis, *, kept: int) -> list[Run]:
        """The user's runs that ended before a moment, but for the newest `kept` of all of them."""
        return self._database.runs.ended_before(user.id, moment, except_newest=kept)

    def unfinished(self) -> list[Run]:
        return self._database.runs.unfinished()

    def has_started(self, by: Run | None, id: str) -> bool:
        """Whether a run was started by another, or by one that this started."""
        run = self._database.runs.get(id)
        while by is not None and run is not None and run.started_by_run_id is not None:
            if run.started_by_run_id == by.id:
                return True
            run = self._database.runs.get(run.started_by_run_id)
        return False

    async def wait(self, id: str, secs: float) -> Run:
        """The run when it has ended, or as it is after `secs`."""
        if secs > 0 and not self.get(id).status.is_terminal:
            await self._completion.wait(id, secs)
        return self.get(id)

    async def abort(self, run: Run, *, gracefully: bool = False) -> Run:
        """Stop a run at once, or after it was told and had 30 seconds; returns it as it then is.

        A run that has ended stays as it is. A second graceful abort joins the first, an immediate one cuts it short.
        """
        at_once = _stopping_at(self._clock.now())
        if gracefully and self.get(run.id).status is JobStatus.RUNNING:
            await self._abort_gracefully(run)
        elif not await self.move(run.id, JobStatus.ABORTING, at_once) and not gracefully:
            await self.change(run.id, lambda run: at_once(run) if run.status is JobStatus.ABORTING else run)
        self._supervision.nudge(run.id)
        return self.get(run.id)

    async def end_at_max_charge(self, run: Run) -> bool:
        """Abort a run gracefully because it has reached the most that its caller wants to pay; False where it ends."""
        return await self._abort_gracefully(run, messages.max_charge(run))

    async def reboot(self, run: Run) -> Run:
        """Go on in a new container, at once. Raises Invalid where the run is not RUNNING."""
        return await self._order(run, Restart.REBOOT, self._clock.now())

    async def migrate(self, run: Run) -> Run:
        """Tell the Actor that it migrates, and go on in a new container when its time is over.

        Raises Invalid where the run is not RUNNING.
        """
        ordered = await self._order(run, Restart.MIGRATION, self._clock.now() + MIGRATION_MILLIS)
        self._tell_orders(run.id)
        return ordered

    async def metamorph(
        self, run: Run, actor: Actor, build: str | None, input: Input | None, by: Run | None = None
    ) -> Run:
        """Go on as another Actor, with the run's storages and a new input. `by` as in `start`.

        Raises Invalid, Forbidden.
        """
        permissions.check_start(by, actor, None)
        if len(run.metamorphs) >= MAX_METAMORPHS:
            raise Invalid("max-metamorphs-exceeded", f"A run can metamorph {MAX_METAMORPHS} times at most")
        pricing = prices.in_force(actor.pricings, self._clock.now())
        if pricing is not None and pricing.model is PricingModel.PRICE_PER_DATASET_ITEM:
            raise Invalid(
                "cannot-metamorph-to-pay-per-result-actor", "A run can't metamorph into a pay-per-result Actor"
            )
        target = self._builds.resolve(actor, build or actor.defaults.build)
        input = await self._sealed(run.user_id, target, await _completed(target, input))
        key = f"{INPUT_KEY}-METAMORPH-{len(run.metamorphs) + 1}"
        if input is not None:
            await self._storages.key_value_stores.set_record(
                run.default_key_value_store_id, key, input.body, input.content_type
            )
        datasets = await self._storages.create_datasets(
            run.user_id,
            run.id,
            target.definition,
            run.datasets,
            **permissions.creator_fields(run.id, actor.id, run.permission_level),
        )
        changed = replace(run, actor_id=actor.id, build_id=target.id, build_number=target.number, datasets=datasets)
        metamorph = Metamorph(
            created_at=self._clock.now(),
            actor_id=actor.id,
            build_id=target.id,
            build_number=target.number,
            input_key=key,
            web_server_port=web_server_port(target.env_vars, target.image_environment),
            grants=self._grants(run.user_id, target, input, by),
            datasets=datasets,
            output=output(changed, target.definition, self._addresses),
        )
        return await self._order(run, Restart.METAMORPH, metamorph.created_at, metamorph)

    async def resurrect(self, run: Run, options: StartOptions) -> Run:
        """Let a run that has ended go on: same storages, input and log, its own build unless another is asked for.

        Raises Invalid where it has not ended, LimitReached.
        """
        user = self._users.get(run.user_id)
        actor = self._actors.get_runnable(user, run.actor_id)
        granted = granted_over(run.options, options, strict_memory=self._settings.strict_memory)
        prices.check_max_charge(run.pricing, granted)
        async with self._memory_quota.reserve(user, granted.memory_mbytes):
            known = self._builds.get(run.build_id)
            build = known if options.build is None else self._builds.resolve(actor, options.build)
            risen = await self._resurrect_record(run, granted, build)
        # Its last supervisor may still be clearing away: two of them would share a log and a container's name.
        await self._supervision.cleared(run.id)
        self._supervision.begin(risen)
        await self._dispatches.dispatch_pending(risen)
        return risen

    async def set_status_message(self, id: str, message: str | None, is_terminal: bool | None) -> Run:
        """What the Actor says of itself.

        Its last words may come just after the process ended: only a terminal message then takes the place of how the
        run ended, as it would have before. Raises NotFound.
        """

        def said(now: Run) -> Run:
            if now.status.is_terminal and not is_terminal:
                return now
            return replace(now, status_message=message, is_status_message_terminal=is_terminal)

        return await self.change(id, said)

    async def input_secrets(self, run: Run, build: Build) -> list[str]:
        """What the run's input holds that must not show in its log."""
        names = secret_fields(build.input_schema)
        if not names:
            return []
        key = self._input_keys.find(run.user_id, build.actor_id)
        record = self._storages.key_value_stores.get_record_uncounted(run.default_key_value_store_id, run.input_key)
        if key is None or record is None:
            return []
        cipher = InputCipher(key.private_key, key.passphrase)
        held = (text for value in cipher.readable(await record.read(), names) for text in texts(value))
        return [key.passphrase, *to_hide(held)]

    async def change(self, id: str, change: Callable[[Run], Run]) -> Run:
        """Change anything of the run but its status. Raises NotFound."""
        run = await self._database.runs.update(id, lambda now: replace(change(now), status=now.status))
        if run is None:
            raise record_not_found("Run", id)
        return run

    async def move(self, id: str, to: JobStatus, change: Callable[[Run], Run] = _unchanged) -> bool:
        """The only writer of a live run's status: moves it, and applies `change`, if the lifecycle allows the move.

        False, and nothing written, where it does not: somebody else was first.
        """
        allowed = False
        settled = self._billing.settle(self.get(id)) if to.is_terminal else _unchanged

        def moved(now: Run) -> Run:
            nonlocal allowed
            allowed = may_move(now.status, to)
            return _with_status(settled(change(now)), to) if allowed else now

        run = await self._database.runs.update(id, moved)
        if run is None:
            raise record_not_found("Run", id)
        if allowed and to.is_terminal:
            self._completion.notify_finished(id)
            await self._dispatches.dispatch_pending(run)
        return allowed

    async def change_stats(self, id: str, change: Callable[[RunStats], RunStats]) -> RunStats:
        return (await self.change(id, lambda now: replace(now, stats=change(now.stats)))).stats

    async def delete(self, run: Run) -> None:
        """Drop an ended run with its default storages and log. Raises NotFound, and Invalid for a live one."""
        await self._dispatches.dispatch_pending(self.get(run.id))  # of its end, if that has only just come
        if not await self._database.runs.delete_ended(run.id):
            raise Invalid("cannot-remove-running-run", "A run that has not finished can't be deleted: abort it first")
        await self._storages.delete_of_run(run.id)
        await self._webhooks.delete_of_run(run.id)
        self._logs.delete(run.id)

    async def drop_ownerless(self) -> None:
        """Drop what belongs to runs that are not there: a server may have died as it made or deleted one."""
        await self._storages.delete_of_missing_runs()
        await self._webhooks.delete_of_missing_runs()
        self._logs.keep_only(self._database.runs.ids() | self._database.builds.ids())

    async def _abort_gracefully(self, run: Run, because: str | None = None) -> bool:
        """Give a RUNNING run 30 seconds, and tell it; False where it does not run any more."""
        stop = _stopping_at(self._clock.now() + ABORT_GRACE_MILLIS)
        moved = await self.move(run.id, JobStatus.ABORTING, lambda now: replace(stop(now), stopped_because=because))
        if moved:
            self._tell_orders(run.id)
            self._supervision.nudge(run.id)
        return moved

    async def _order(self, run: Run, restart: Restart, stop_at: Millis, metamorph: Metamorph | None = None) -> Run:
        """Have the run's container stopped at a moment and a new one follow; a later order replaces this one."""

        def ordered(now: Run) -> Run:
            if now.status is not JobStatus.RUNNING:
                raise Invalid("job-finished", f"This needs a RUNNING run, and the run is {now.status}")
            return replace(now, restart=restart, stop_at=stop_at, next_metamorph=metamorph)

        changed = await self.change(run.id, ordered)
        self._supervision.nudge(run.id)
        return changed

    async def _resurrect_record(self, run: Run, granted: RunOptions, build: Build) -> Run:
        now, reopened = self._clock.now(), self._billing.reopen(run)

        def risen(ended: Run) -> Run:
            if not ended.status.is_terminal:
                raise Invalid(
                    "job-not-finished", f"Only a run that has ended can be resurrected, and it is {ended.status}"
                )
            renewed = replace(reopened(ended), build_id=build.id, build_number=build.number)
            return replace(
                renewed,
                output=output(renewed, build.definition, self._addresses),
                status=JobStatus.RUNNING,
                pending_events={**ended.pending_events, **new_event(WebhookEvent.RUN_RESURRECTED)},
                options=granted,
                web_server_port=web_server_port(build.env_vars, build.image_environment),
                api_port=self._addresses.port,
                earlier_compute_units=run_compute_units(ended, now),
                resumed_at=now,
                stats=replace(ended.stats, resurrect_count=ended.stats.resurrect_count + 1),
                finished_at=None,
                exit_code=None,
                status_message=None,
                is_status_message_terminal=None,
                stopped_because=None,
                stop_at=None,
                restart=None,
                next_metamorph=None,
                restarts_on_error=(),
                container_id=None,
                container_started_at=None,
            )

        record = await self._database.runs.update(run.id, risen)
        if record is None:
            raise record_not_found("Run", run.id)
        return record

    def _tell_orders(self, run_id: str) -> None:
        for event in pending(self.get(run_id), self._clock.now()):
            self._events.emit(run_id, event)

    async def _record(self, actor: Actor, build: Build, granted: RunOptions, start: _Start) -> Run:
        """Attach the webhooks, open the run's storages, store the input, insert the run."""
        id, web_key, user, input = new_id(), new_key(WEB_KEY_LENGTH), start.user, start.input
        level = start.options.permission_level or actor.defaults.permission_level or actor.permission_level
        pricing = prices.in_force(actor.pricings, self._clock.now())
        await self._webhooks.attach(user, id, start.options.webhooks)
        creator = permissions.creator_fields(id, actor.id, level)
        storages = await self._storages.create_defaults(user.id, id, build.definition, **creator)
        if input is not None:
            await self._storages.key_value_stores.set_record(
                storages.key_value_store_id, INPUT_KEY, input.body, input.content_type
            )
        run = Run(
            id=id,
            user_id=user.id,
            actor_id=actor.id,
            build_id=build.id,
            build_number=build.number,
            status=JobStatus.READY,
            started_at=self._clock.now(),
            meta=start.meta,
            options=granted,
            default_key_value_store_id=storages.key_value_store_id,
            default_dataset_id=storages.dataset_id,
            default_request_queue_id=storages.request_queue_id,
            permission_level=level,
            token=new_run_token(),
            web_key=web_key,
            events_key=secrets.token_urlsafe(24),
            container_url=self._addresses.container_url(web_key),
            api_port=self._addresses.port,
            web_server_port=web_server_port(build.env_vars, build.image_environment),
            stats=RunStats(input_body_len=len(input.body) if input else 0),
            pending_events=new_event(WebhookEvent.RUN_CREATED),
            pricing=pricing,
            charged_event_counts=prices.at_start(pricing, granted.memory_mbytes),
            started_by_run_id=start.by.id if start.by else None,
            grants=self._grants(user.id, build, input, start.by),
            datasets=storages.datasets,
            task_id=start.task.id if start.task else None,
        )
        return await self._database.runs.insert(replace(run, output=output(run, build.definition, self._addresses)))

    def _say(self, run: Run, text: str) -> None:
        """Write into the log of a run that has no supervisor yet."""
        self._logs.open(run.id).system(text)
        self._logs.close(run.id)

    async def _sealed(self, user_id: str, build: Build, input: Input | None) -> Input | None:
        """The input with its secret fields encrypted."""
        schema = build.input_schema
        if input is None or schema is None or not secret_fields(schema):
            return input
        cipher = await self._input_keys.cipher(user_id, build.actor_id)
        return replace(input, body=dumps(cipher.encrypt(schema, loads(input.body))))

    def _grants(self, user_id: str, build: Build, input: Input | None, by: Run | None) -> tuple[StorageGrant, ...]:
        """The storages that an input passes to a run of the build."""
        grants = []
        for passed in passed_storages(build.input_schema, input.body if input else b""):
            storage = self._storages.resolve_reference(user_id, passed.resource_type, passed.reference)
            if storage is not None:
                access = permissions.storage_access(by, storage, partial(self.has_started, by))
                if access >= StorageAccess.READ:
                    grants.append(permissions.storage_grant(storage, access, to_write=passed.to_write))
        return tuple(grants)


def _with_status(run: Run, status: JobStatus) -> Run:
    """The run with another status; an end is news for webhooks."""
    ended = new_event(WebhookEvent.ended("RUN", status)) if status.is_terminal else {}
    return replace(run, status=status, pending_events={**run.pending_events, **ended})


def _stopping_at(moment: Millis) -> Callable[[Run], Run]:
    """A change that has the container stopped at a moment, and nothing follow."""
    return lambda run: replace(run, stop_at=moment, restart=None, next_metamorph=None)


def new_key(length: int) -> str:
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(length))


async def _completed(build: Build, input: Input | None) -> Input | None:
    """The input as the build's schema completes it, where it has one. Raises Invalid."""
    if build.input_schema is None:
        return input
    return Input(body=dumps(await inputs.checked(build.input_schema, input)), content_type=JSON_TYPE)
