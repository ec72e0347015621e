"""The services of all three storage types together, and the default storages of runs.

A run has one storage of each type, with the alias `default`, and a dataset for each other alias in its Actor's
definition. They are deleted together with the run, except for those that have been given a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.base.clock import Millis
from runtime.base.records import Definition, Storage
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class DefaultStorages:
    """`datasets` are the datasets besides the default one, by alias."""

    key_value_store_id: str
    dataset_id: str
    request_queue_id: str
    datasets: Mapping[str, str]


class Storages:
    """The storages of all three types."""

    def __init__(self, datasets: Datasets, key_value_stores: KeyValueStores, request_queues: RequestQueues) -> None:
        self.datasets = datasets
        self.key_value_stores = key_value_stores
        self.request_queues = request_queues

    async def create_defaults(
        self, user_id: str, run_id: str, definition: Definition, **creator: str
    ) -> DefaultStorages:
        """Create a run's storages with the schemas of an Actor's definition.

        `creator` are the fields that record which run and Actor created them.
        """
        store_schema, dataset_schema = definition.key_value_store_schema, definition.dataset_schemas[DEFAULT]
        store = await self.key_value_stores.create_default(user_id, run_id, schema=store_schema, **creator)
        dataset = await self.datasets.create_default(user_id, run_id, schema=dataset_schema, **creator)
        queue = await self.request_queues.create_default(user_id, run_id, **creator)
        datasets = await self.create_datasets(user_id, run_id, definition, {}, **creator)
        return DefaultStorages(store.id, dataset.id, queue.id, datasets)

    async def create_datasets(
        self, user_id: str, run_id: str, definition: Definition, existing: Mapping[str, str], **creator: str
    ) -> dict[str, str]:
        """Create the datasets of a definition's aliases that the run does not have yet; return all ids by alias."""
        datasets = dict(existing)
        for alias, schema in definition.dataset_schemas.items():
            if alias != DEFAULT and alias not in datasets:
                datasets[alias] = (await self.datasets.create_default(user_id, run_id, schema=schema, **creator)).id
        return datasets

    def resolve_reference(self, user_id: str, resource_type: str, reference: str) -> Storage | None:
        """The user's storage that an input refers to. `resource_type` is a resource type of input schemas."""
        match resource_type:
            case "dataset":
                return self.datasets.resolve_reference(user_id, reference)
            case "keyValueStore":
                return self.key_value_stores.resolve_reference(user_id, reference)
            case "requestQueue":
                return self.request_queues.resolve_reference(user_id, reference)
        return None

    async def delete_unused_since(self, user_id: str, moment: Millis) -> None:
        """Delete the user's storages without a name and without a run that were last used before `moment`."""
        for service in (self.key_value_stores, self.datasets, self.request_queues):
            await service.delete_unused_since(user_id, moment)

    async def delete_of_run(self, run_id: str) -> None:
        """Delete a run's default storages with their content, but not those that have a name."""
        for service in (self.key_value_stores, self.datasets, self.request_queues):
            await service.delete_of_run(run_id)

    async def delete_of_missing_runs(self) -> None:
        """Delete the default storages of runs that no longer exist."""
        for service in (self.key_value_stores, self.datasets, self.request_queues):
            await service.delete_of_missing_runs()
