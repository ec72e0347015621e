"""The environments of the containers of runs: computed for a container, and recorded for the run's page."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.base.addresses import Addresses
from runtime.base.records import Build, Run
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.billing.billing import Billing
from runtime.history.environments import Environments, Variable, VariableOrigin
from runtime.inputs.encryption import secret_fields
from runtime.inputs.keys import InputKeys
from runtime.runs import environment

log = logging.getLogger("greenroom.runs")

REDACTED = "[REDACTED]"


class RunEnvironments:
    def __init__(
        self,
        actors: Actors,
        users: Users,
        billing: Billing,
        input_keys: InputKeys,
        addresses: Addresses,
        recorded: Environments,
    ) -> None:
        self._actors = actors
        self._users = users
        self._billing = billing
        self._input_keys = input_keys
        self._addresses = addresses
        self._recorded = recorded

    def variables(self, run: Run, build: Build) -> dict[str, str]:
        """All variables that the next container of a run gets."""
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

    async def record(self, run: Run, build: Build, variables: Mapping[str, str], additions: Mapping[str, str]) -> None:
        """Record what a new container got. Without space on the disk, the run continues without this record."""
        recorded = list(_recorded(run, build, variables, additions))
        try:
            await self._recorded.record(run.id, build.image or "", recorded)
        except STORAGE_ERRORS as problem:
            log.warning("The environment of run %s is not recorded: %s", run.id, problem)


def _recorded(run: Run, build: Build, variables: Mapping[str, str], additions: Mapping[str, str]) -> Iterator[Variable]:
    """The variables with their origins, without secrets. A variable comes from what determined its value."""
    own = {each.name: (each, VariableOrigin.VERSION) for each in build.env_vars}
    own |= {each.name: (each, VariableOrigin.RUN) for each in environment.own_variables(run)}
    secret = [*environment.secrets(run, build), run.events_key]
    for name, value in {**variables, **additions}.items():
        if name in additions:
            yield Variable(name, _without(secret, value), VariableOrigin.DEVELOPMENT)
        elif name in own and own[name][0].value == value:
            variable, origin = own[name]
            yield Variable(name, None if variable.is_secret else _without(secret, value), origin)
        else:
            shown = None if name in environment.MASKED_NAMES else _without(secret, value)
            yield Variable(name, shown, VariableOrigin.PLATFORM)


def _without(secrets: Iterable[str], value: str) -> str:
    """The value, with secrets redacted that are part of it."""
    for secret in sorted(secrets, key=len, reverse=True):  # one may begin with another
        value = value.replace(secret, REDACTED)
    return value
