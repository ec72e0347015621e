"""What a new or resurrected run gets: its build, input, options and price. No run is recorded here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.access import permissions
from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.base.clock import Clock
from runtime.base.errors import Invalid
from runtime.base.records import Actor, Build, Definition, Meta, PermissionLevel, Pricing, Run, RunOptions, Task, User
from runtime.billing import prices
from runtime.builds import Builds
from runtime.inputs.inputs import Input, Inputs, PreparedInput
from runtime.runs import messages
from runtime.runs.default_memory import default_memory
from runtime.runs.options import StartOptions, changed_options, granted_options


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyStart:
    """The start of a run that serves Standby requests to the address with this label.

    It gets an input only if it `passes_input`.
    """

    label: str
    passes_input: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A request to start a run. `started_by` is the run whose token sent it. `task` is set to start a task.

    `run_id` is the id of the new run, if something already names it. `standby` is set for a Standby run.
    """

    user: User
    actor: Actor
    input: Input | None
    options: StartOptions
    meta: Meta
    started_by: Run | None = None
    task: Task | None = None
    run_id: str | None = None
    standby: StandbyStart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlan:
    """What a run gets. `remark` is a line for the run's log."""

    request: StartRequest
    build: Build
    input: PreparedInput
    options: RunOptions
    permission_level: PermissionLevel
    pricing: Pricing | None
    remark: str | None
    dev_folder: str | None


class StartPlanner:
    """Plans starts and resurrections.

    `strict_memory` rejects sizes that the platform rejects. `tier` is the tier of all users.
    """

    def __init__(
        self,
        *,
        users: Users,
        actors: Actors,
        builds: Builds,
        inputs: Inputs,
        clock: Clock,
        strict_memory: bool,
        tier: str,
    ) -> None:
        self._users = users
        self._actors = actors
        self._builds = builds
        self._inputs = inputs
        self._clock = clock
        self._strict_memory = strict_memory
        self._tier = tier

    async def plan(self, request: StartRequest) -> StartPlan:
        """Return the plan for the run that is requested. Raises Invalid and Forbidden."""
        actor, sent = request.actor, request.options
        permissions.check_start(request.started_by, actor, sent.permission_level or actor.defaults.permission_level)
        build = self.build(actor, sent)
        input = await self._prepare_input(request, build)
        memory, problem = await default_memory(actor.defaults, Definition.of(build), sent, input)
        options = granted_options(actor, memory, sent, strict_memory=self._strict_memory)
        pricing = prices.in_tier(prices.in_force(actor.pricings, self._clock.now()), self._tier)
        prices.check_max_charge(pricing, options)
        remark = None
        if problem is not None and sent.memory_mbytes is None:
            remark = messages.no_dynamic_memory(problem, options.memory_mbytes)
        return StartPlan(
            request=request,
            build=build,
            input=input,
            options=options,
            permission_level=sent.permission_level or actor.defaults.permission_level or actor.permission_level,
            pricing=pricing,
            remark=remark,
            dev_folder=_dev_folder(request, build),
        )

    async def _prepare_input(self, request: StartRequest, build: Build) -> PreparedInput:
        if request.standby is not None and not request.standby.passes_input:
            return PreparedInput()
        task_input = request.task.input if request.task else None
        return await self._inputs.prepare(request.user.id, build, request.input, task_input=task_input)

    def build(self, actor: Actor, sent: StartOptions) -> Build:
        """The build that a start with these options would run. Raises Invalid."""
        return self._builds.resolve(actor, sent.build or actor.defaults.build)

    def confirm(self, plan: StartPlan) -> StartPlan:
        """The plan with the current records of its Actor and build, which may have been deleted since.

        Raises NotFound. Call it while the memory quota is reserved: deletions wait for that.
        """
        actor, build = self._actors.get(plan.request.actor.id), self._builds.get(plan.build.id)
        return replace(plan, request=replace(plan.request, actor=actor), build=build)

    def resurrection_options(self, run: Run, sent: StartOptions) -> RunOptions:
        """The options of a run that is resurrected: its own, replaced by those that are sent. Raises Invalid."""
        options = changed_options(run.options, sent, strict_memory=self._strict_memory)
        prices.check_max_charge(run.pricing, options)
        return options

    def resurrection_build(self, run: Run, sent: StartOptions) -> Build:
        """The build of a run that is resurrected: its own, unless another one is sent. Raises Invalid, NotFound."""
        actor = self._actors.get_runnable(self._users.get(run.user_id), run.current_actor_id)
        return self._builds.get(run.current_build_id) if sent.build is None else self._builds.resolve(actor, sent.build)


def _dev_folder(request: StartRequest, build: Build) -> str | None:
    """The local folder that the run mounts. Raises Invalid.

    The runs of other users mount none: the folder may hold unfinished work.
    """
    actor, wanted = request.actor, request.options.dev_folder
    if wanted:
        if build.folder is None:
            raise Invalid("invalid-input", f"Build {build.number} was not made from a local folder")
        return build.folder
    is_owner = actor.user_id == request.user.id
    return actor.dev_folder if wanted is None and is_owner else None
