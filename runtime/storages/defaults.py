"""The three storages every run is born with, and that go with it unless they were given a name."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.clock import Millis
from runtime.records import Storage
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues


@dataclass(frozen=True, slots=True)
class Defaults:
    key_value_store_id: str
    dataset_id: str
    request_queue_id: str


class Storages:
    """The three kinds of storage together."""

    def __init__(self, datasets: Datasets, key_value_stores: KeyValueStores, request_queues: RequestQueues) -> None:
        self.datasets = datasets
        self.key_value_stores = key_value_stores
        self.request_queues = request_queues

    async def open_defaults(self, user_id: str, run_id: str, **creator: str) -> Defaults:
        """Make a run's default storages, unnamed; `creator` are the fields that say who made them."""
        store = await self.key_value_stores.open_default(user_id, run_id, **creator)
        dataset = await self.datasets.open_default(user_id, run_id, **creator)
        queue = await self.request_queues.open_default(user_id, run_id, **creator)
        return Defaults(store.id, dataset.id, queue.id)

    def picked(self, user_id: str, resource_type: str, reference: str) -> Storage | None:
        """The user's storage as an input names it; `resource_type` as in input schemas."""
        match resource_type:
            case "dataset":
                return self.datasets.picked(user_id, reference)
            case "keyValueStore":
                return self.key_value_stores.picked(user_id, reference)
            case "requestQueue":
                return self.request_queues.picked(user_id, reference)
        return None

    async def drop_unused(self, before: Millis) -> None:
        """Drop storages without a name and without a run that nobody has used since a moment."""
        for kind in (self.key_value_stores, self.datasets, self.request_queues):
            for id in kind.unused(before):
                await kind.delete(id)

    async def drop_of_run(self, run_id: str) -> None:
        """Drop a run's unnamed default storages with what is in them."""
        await self.key_value_stores.drop_of_run(run_id)
        await self.datasets.drop_of_run(run_id)
        await self.request_queues.drop_of_run(run_id)
