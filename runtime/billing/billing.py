"""What a run has used and charged, from its record and its default storages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from runtime.base.clock import Clock, Millis
from runtime.base.plans import Plan
from runtime.base.records import DailyUsage, Dataset, Run
from runtime.billing import counting, prices, usage
from runtime.database import Database
from runtime.jobs import stats
from runtime.storages.run_storages import Storages


class StorageUse(NamedTuple):
    """What a run has used of its storages: operations by unit, and the items in its dataset, which may be deleted."""

    operations: dict[str, int]
    items: int
    has_dataset: bool


class Billing:
    """The usage and charges of all runs of an instance. `plan` is the plan of all users."""

    def __init__(self, database: Database, storages: Storages, clock: Clock, plan: Plan) -> None:
        self._database = database
        self._storages = storages
        self._clock = clock
        self.plan = plan
        self._transferred: Counter[str] = Counter()

    def usage(self, run: Run) -> usage.Usage:
        """The run's usage in the platform's units, until now or until its end."""
        return usage.of_run(run, self._storage_use(run).operations, self._clock.now())

    def count_transfer(self, run_id: str, size: int) -> None:
        """Count bytes that a run exchanged with the API. `take_transfer` moves them into its record."""
        self._transferred[run_id] += size

    def take_transfer(self, run_id: str) -> int:
        """Return and reset the bytes exchanged with the API that are not in the run's record yet."""
        return self._transferred.pop(run_id, 0)

    def event_counts(self, run: Run) -> dict[str, int]:
        """How often the run charged for each event, including the events that the platform charges itself."""
        return prices.event_counts(run, self.items(run))

    def total_usd(self, run: Run) -> float:
        """The cost of the run for its user: events or results if the Actor charges for them, else its usage."""
        return self.items_and_total_usd(run)[1]

    def items_and_total_usd(self, run: Run) -> tuple[int | None, float]:
        """The items in the run's dataset, None for a live run whose dataset was deleted, and the same as `total_usd`.

        Lists of runs show both, so this reads each storage only once.
        """
        use = self._storage_use(run)
        charge = prices.charge_usd(run, use.items) or 0
        used = self._in_usd(run, use) if prices.is_usage_for_user(run) else 0
        return use.items if use.has_dataset or run.status.is_terminal else None, float(charge + used)

    def is_at_max_charge(self, run: Run) -> bool:
        """Whether the run has reached the maximum cost that its caller set."""
        limit = run.options.max_total_charge_usd
        if limit is None:
            return False
        use = self._storage_use(run)
        charge = prices.charge_usd(run, use.items)
        return (self._in_usd(run, use) if charge is None else charge) >= prices.exact(limit)

    async def charge(self, run: Run, event: str, count: int, idempotency_key: str | None) -> None:
        """Charge for events. A repetition with the same key within three minutes is counted once.

        Raises Invalid and Forbidden. The maximum cost is not checked here: the watchers end the run when it is reached.
        """
        prices.check_event(run, event)
        now, owner_id = self._clock.now(), self._owner_id(run)

        def charged(current: Run) -> tuple[Run, Sequence[DailyUsage]]:
            changed = prices.charged(current, event, count)
            if not changed.status.is_terminal:
                return changed, ()  # its end counts the charge
            return counting.count_run(changed, changed.storage_usage, changed.items_at_end, owner_id, now)

        await self._database.charges.charge(
            run.id,
            idempotency_key,
            charged,
            now=now,
            delete_keys_before=now - prices.IDEMPOTENCY_MILLIS,
        )

    def settle(self, run: Run) -> Callable[[Run], tuple[Run, Sequence[DailyUsage]]]:
        """A change that stores the usage of a run's default storages at its end, and the usage that it adds.

        Call `take_transfer` once it is stored: the change includes the bytes exchanged with the API.
        """
        (used, items, _), transferred = self._storage_use(run), self._transferred[run.id]
        owner_id, now = self._owner_id(run), self._clock.now()

        def settled(ended: Run) -> tuple[Run, Sequence[DailyUsage]]:
            measured = stats.with_api_bytes(ended.stats, transferred)
            final = replace(ended, storage_usage=used, items_at_end=items, stats=measured)
            return counting.count_run(final, used, items, owner_id, now)

        return settled

    async def count(self, run: Run, until: Millis) -> None:
        """Count the usage of a live run until a moment, for the day of that moment. Its end counts the rest."""
        (used, items, _), owner_id = self._storage_use(run), self._owner_id(run)

        def counted(current: Run) -> tuple[Run, Sequence[DailyUsage]]:
            if current.status.is_terminal:
                return current, ()
            return counting.count_run(current, used, items, owner_id, until)

        await self._database.daily_usage.update_job(self._database.runs, run.id, counted)

    def uncounted(self, run: Run) -> Sequence[DailyUsage]:
        """The usage of a live run that has not been counted yet."""
        used, items, _ = self._storage_use(run)
        return counting.count_run(run, used, items, self._owner_id(run), self._clock.now())[1]

    def reopen(self, run: Run) -> Callable[[Run], Run]:
        """A change that continues the usage of a resurrected run from the stored usage."""
        counted = self._counted(run, self._storages.datasets.get(run.default_dataset_id))
        before = {unit: counted[unit] - run.storage_usage.get(unit, 0) for unit in counted}
        return lambda resurrected: replace(resurrected, storage_usage_before=before)

    def items(self, run: Run) -> int:
        """Items in the run's dataset; if the dataset was deleted, the items at the run's end."""
        return _items(run, self._storages.datasets.get(run.default_dataset_id))

    def _storage_use(self, run: Run) -> StorageUse:
        dataset, before = self._storages.datasets.get(run.default_dataset_id), run.storage_usage_before
        if run.status.is_terminal:
            operations = dict(run.storage_usage)
        else:
            counted = self._counted(run, dataset)
            operations = {unit: max(0, count - before.get(unit, 0)) for unit, count in counted.items()}
        return StorageUse(operations, _items(run, dataset), dataset is not None)

    def _counted(self, run: Run, default_dataset: Dataset | None) -> dict[str, int]:
        return usage.of_storages(
            (default_dataset, *map(self._storages.datasets.get, run.datasets.values())),
            self._storages.key_value_stores.get(run.default_key_value_store_id),
            self._storages.request_queues.get(run.default_request_queue_id),
        )

    def _in_usd(self, run: Run, use: StorageUse) -> Decimal:
        used = usage.of_run(run, use.operations, self._clock.now())
        return prices.exact(sum(usage.in_usd(used, self.plan.usd_per_unit).values()))

    def _owner_id(self, run: Run) -> str:
        """The owner of the run's Actor, which exists while the run is live; afterwards the run's user stands in."""
        actor = self._database.actors.get(run.actor_id)
        return run.user_id if actor is None else actor.user_id


def _items(run: Run, dataset: Dataset | None) -> int:
    return max(run.items_at_end, 0 if dataset is None else dataset.item_count)
