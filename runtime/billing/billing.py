"""What a run has used and charged, from its record and its default storages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from runtime.base.clock import Clock, Millis
from runtime.base.plans import Plan
from runtime.base.records import DailyUsage, Run
from runtime.billing import counting, prices, usage
from runtime.database import Database
from runtime.jobs import stats
from runtime.storages.run_storages import Storages


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
        return usage.of_run(run, self._storage_usage(run), self._clock.now())

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
        charge, used = prices.charge_usd(run, self.items(run)), self._usage_usd(run)
        return float((charge or 0) + (used if prices.is_usage_for_user(run) else 0))

    def is_at_max_charge(self, run: Run) -> bool:
        """Whether the run has reached the maximum cost that its caller set."""
        limit = run.options.max_total_charge_usd
        if limit is None:
            return False
        charge = prices.charge_usd(run, self.items(run))
        return (self._usage_usd(run) if charge is None else charge) >= prices.exact(limit)

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
        used, items, transferred = self._storage_usage(run), self.items(run), self._transferred[run.id]
        owner_id, now = self._owner_id(run), self._clock.now()

        def settled(ended: Run) -> tuple[Run, Sequence[DailyUsage]]:
            measured = stats.with_api_bytes(ended.stats, transferred)
            final = replace(ended, storage_usage=used, items_at_end=items, stats=measured)
            return counting.count_run(final, used, items, owner_id, now)

        return settled

    async def count(self, run: Run, until: Millis) -> None:
        """Count the usage of a live run until a moment, for the day of that moment. Its end counts the rest."""
        used, items, owner_id = self._storage_usage(run), self.items(run), self._owner_id(run)

        def counted(current: Run) -> tuple[Run, Sequence[DailyUsage]]:
            if current.status.is_terminal:
                return current, ()
            return counting.count_run(current, used, items, owner_id, until)

        await self._database.daily_usage.update_job(self._database.runs, run.id, counted)

    def uncounted(self, run: Run) -> Sequence[DailyUsage]:
        """The usage of a live run that has not been counted yet."""
        used, items = self._storage_usage(run), self.items(run)
        return counting.count_run(run, used, items, self._owner_id(run), self._clock.now())[1]

    def reopen(self, run: Run) -> Callable[[Run], Run]:
        """A change that continues the usage of a resurrected run from the stored usage."""
        counted = self._counted(run)
        before = {unit: counted[unit] - run.storage_usage.get(unit, 0) for unit in counted}
        return lambda resurrected: replace(resurrected, storage_usage_before=before)

    def _storage_usage(self, run: Run) -> dict[str, int]:
        if run.status.is_terminal:
            return dict(run.storage_usage)
        before = run.storage_usage_before
        return {unit: max(0, count - before.get(unit, 0)) for unit, count in self._counted(run).items()}

    def _counted(self, run: Run) -> dict[str, int]:
        return usage.of_storages(
            map(self._storages.datasets.get, (run.default_dataset_id, *run.datasets.values())),
            self._storages.key_value_stores.get(run.default_key_value_store_id),
            self._storages.request_queues.get(run.default_request_queue_id),
        )

    def items(self, run: Run) -> int:
        """Items in the run's dataset; if the dataset was deleted, the items at the run's end."""
        known = self.known_items(run)
        return run.items_at_end if known is None else known

    def known_items(self, run: Run) -> int | None:
        """The same, but None for a live run whose dataset was deleted."""
        dataset = self._storages.datasets.get(run.default_dataset_id)
        if dataset is not None:
            return max(run.items_at_end, dataset.item_count)
        return run.items_at_end if run.status.is_terminal else None

    def _usage_usd(self, run: Run) -> Decimal:
        return prices.exact(sum(usage.in_usd(self.usage(run), self.plan.usd_per_unit).values()))

    def _owner_id(self, run: Run) -> str:
        """The owner of the run's Actor, which exists while the run is live; afterwards the run's user stands in."""
        actor = self._database.actors.get(run.actor_id)
        return run.user_id if actor is None else actor.user_id
