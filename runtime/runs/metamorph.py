"""The order to continue a run as another Actor, with the run's storages and a new input."""

from __future__ import annotations

import logging
from dataclasses import replace

from runtime.access import permissions
from runtime.actors.actors import Actors
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock
from runtime.base.errors import Invalid, StorageUnavailable
from runtime.base.records import (
    Aborter,
    Actor,
    Build,
    Definition,
    Metamorph,
    OrderKind,
    PricingModel,
    Restart,
    Run,
)
from runtime.billing import prices
from runtime.builds import Builds
from runtime.builds.web_server_port import web_server_port
from runtime.inputs.inputs import Input, Inputs, PreparedInput
from runtime.runs.environment import INPUT_KEY
from runtime.runs.orders import Orders, order_of
from runtime.runs.output_schema import output
from runtime.runs.run_inputs import RunInputs
from runtime.storages.run_storages import Storages

log = logging.getLogger("greenroom.runs")

MAX_METAMORPHS = 10


class Metamorphs:
    """Orders metamorphs."""

    def __init__(
        self,
        *,
        actors: Actors,
        orders: Orders,
        builds: Builds,
        inputs: Inputs,
        run_inputs: RunInputs,
        storages: Storages,
        addresses: Addresses,
        clock: Clock,
    ) -> None:
        self._actors = actors
        self._orders = orders
        self._builds = builds
        self._inputs = inputs
        self._run_inputs = run_inputs
        self._storages = storages
        self._addresses = addresses
        self._clock = clock

    async def order(
        self, run: Run, actor: Actor, build: str | None, input: Input | None, started_by: Run | None = None
    ) -> Run:
        """Continue the run as the Actor. `build` is a tag or number, `started_by` the run whose token sent the order.

        Raises Invalid and Forbidden.
        """
        permissions.check_start(started_by, actor, None)
        self._check_allowed(run, actor)
        target = self._builds.resolve(actor, build or actor.defaults.build)
        prepared = await self._inputs.prepare(run.user_id, target, input)
        metamorph = await self._prepare(run, actor, target, prepared, started_by)
        order = order_of(OrderKind.METAMORPH, run, started_by or Aborter.USER, metamorph.created_at, actor.id)
        ordered = await self._orders.restart(run, Restart.METAMORPH, metamorph.created_at, order, metamorph)
        await self._count(run, actor)
        return ordered

    async def _count(self, run: Run, actor: Actor) -> None:
        """Count the metamorph. A failure must not reject the order, which a retry would then repeat."""
        try:
            await self._actors.count_metamorph(actor)
        except StorageUnavailable as problem:
            log.warning("The metamorph of run %s is not counted: %s", run.id, problem)

    def _check_allowed(self, run: Run, actor: Actor) -> None:
        if len(run.metamorphs) >= MAX_METAMORPHS:
            raise Invalid("max-metamorphs-exceeded", f"A run can metamorph at most {MAX_METAMORPHS} times")
        pricing = prices.in_force(actor.pricings, self._clock.now())
        if pricing is not None and pricing.model is PricingModel.PRICE_PER_DATASET_ITEM:
            raise Invalid(
                "cannot-metamorph-to-pay-per-result-actor", "A run cannot metamorph to a pay-per-result Actor"
            )

    async def _prepare(
        self, run: Run, actor: Actor, target: Build, input: PreparedInput, started_by: Run | None
    ) -> Metamorph:
        """Store the input, create the datasets that the new Actor has and the run lacks, and describe the change."""
        key, definition = f"{INPUT_KEY}-METAMORPH-{len(run.metamorphs) + 1}", Definition.of(target)
        if input.stored is not None:
            await self._storages.key_value_stores.set_record(
                run.default_key_value_store_id, key, input.stored.body, input.stored.content_type
            )
        creator = permissions.creator_fields(run.id, actor.id, run.permission_level)
        datasets = await self._storages.create_datasets(run.user_id, run.id, definition, run.datasets, **creator)
        return Metamorph(
            created_at=self._clock.now(),
            actor_id=actor.id,
            build_id=target.id,
            build_number=target.number,
            input_key=key,
            web_server_port=web_server_port(target.env_vars, target.image_environment),
            grants=self._run_inputs.grants(run.user_id, input, started_by),
            datasets=datasets,
            dev_folder=actor.dev_folder if actor.user_id == run.user_id else None,
            output=output(replace(run, datasets=datasets), definition, self._addresses),
        )
