"""Billing: what a run used of the platform and what it charged, from its record and its default storages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from runtime.base.clock import Clock
from runtime.base.records import Run
from runtime.billing import prices, usage
from runtime.database import Database
from runtime.jobs import stats
from runtime.storages.run_storages import Storages


class Billing:
    """The billing of all runs of an instance."""

    def __init__(self, database: Database, storages: Storages, clock: Clock) -> None:
        self._database = database
        self._storages = storages
        self._clock = clock
        self._transferred: Counter[str] = Counter()

    def usage(self, run: Run) -> usage.Usage:
        """What the run used by now, by the platform's units; of a run that has ended, until its end."""
        return usage.of_run(run, self._storage_usage(run), self._clock.now())

    def count_transfer(self, run_id: str, size: int) -> None:
        """Add bytes that a run exchanged with the API, to be taken into its record by `take_transfer`."""
        self._transferred[run_id] += size

    def take_transfer(self, run_id: str) -> int:
        """The bytes exchanged with the API that are not in the run's record yet."""
        return self._transferred.pop(run_id, 0)

    def event_counts(self, run: Run) -> dict[str, int]:
        """How often the run charged for each event, those included that the platform charges by itself."""
        return prices.event_counts(run, self._items(run))

    def total_usd(self, run: Run) -> float:
        """What the run costs who started it: its events or results where the Actor charges for them, else its usage."""
        charge, used = prices.charge_usd(run, self._items(run)), self._usage_usd(run)
        return float((charge or 0) + (used if prices.is_usage_for_user(run) else 0))

    def is_at_max_charge(self, run: Run) -> bool:
        """Whether the run has reached the most that its caller wants to pay for it."""
        limit = run.options.max_total_charge_usd
        if limit is None:
            return False
        charge = prices.charge_usd(run, self._items(run))
        return (self._usage_usd(run) if charge is None else charge) >= prices.exact(limit)

    async def charge(self, run: Run, event: str, count: int, idempotency_key: str | None) -> None:
        """Charge for events; what is repeated within three minutes with the same key is counted once.

        Raises Invalid, Forbidden. The most that the caller wants to pay is not looked at here: it ends the run.
        """
        prices.check_event(run, event)
        now = self._clock.now()
        await self._database.charges.charge(
            run.id,
            idempotency_key,
            lambda now: prices.charged(now, event, count),
            now=now,
            forget_before=now - prices.IDEMPOTENCY_MILLIS,
        )

    def settle(self, run: Run) -> Callable[[Run], Run]:
        """The change that keeps what a run's default storages have counted until its end."""
        used, items, transferred = self._storage_usage(run), self._items(run), self.take_transfer(run.id)
        return lambda ended: replace(
            ended, storage_usage=used, items_at_end=items, stats=stats.with_api_bytes(ended.stats, transferred)
        )

    def reopen(self, run: Run) -> Callable[[Run], Run]:
        """The change that lets an ended run's bill go on from what was kept."""
        counted = self._counted(run)
        before = {unit: counted[unit] - run.storage_usage.get(unit, 0) for unit in counted}
        return lambda risen: replace(risen, storage_usage_before=before)

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

    def _items(self, run: Run) -> int:
        """Items in the run's dataset; those it had at the run's end, where it was deleted since."""
        dataset = self._storages.datasets.get(run.default_dataset_id)
        return max(run.items_at_end, dataset.item_count if dataset is not None else 0)

    def _usage_usd(self, run: Run) -> Decimal:
        return prices.exact(sum(usage.in_usd(self.usage(run)).values()))
