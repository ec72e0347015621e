"""The storages every run is born with, and that go with it unless they were given a name.

There is one of each kind, called `default`, and a dataset for each other alias in the Actor's definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.base.clock import Millis
from runtime.base.json_text import JsonObject
from runtime.base.records import Storage
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Defaults:
    """`datasets` are those but the default one, by alias."""

    key_value_store_id: str
    dataset_id: str
    request_queue_id: str
    datasets: Mapping[str, str]


class Storages:
    """The three kinds of storage together."""

    def __init__(self, datasets: Datasets, key_value_stores: KeyValueStores, request_queues: RequestQueues) -> None:
        self.datasets = datasets
        self.key_value_stores = key_value_stores
        self.request_queues = request_queues

    async def open_defaults(self, user_id: str, run_id: str, definition: JsonObject, **creator: str) -> Defaults:
        """Make a run's storages, unnamed, with the schemas of an Actor's definition (a parsed actor.json).

        `creator` are the fields that say who made them.
        """
        schema = key_value_store_schema(definition)
        store = await self.key_value_stores.open_default(user_id, run_id, schema=schema, **creator)
        dataset = await self.datasets.open_default(
            user_id, run_id, schema=dataset_schemas(definition)[DEFAULT], **creator
        )
        queue = await self.request_queues.open_default(user_id, run_id, **creator)
        datasets = await self.open_datasets(user_id, run_id, definition, {}, **creator)
        return Defaults(store.id, dataset.id, queue.id, datasets)

    async def open_datasets(
        self, user_id: str, run_id: str, definition: JsonObject, known: Mapping[str, str], **creator: str
    ) -> dict[str, str]:
        """Make the datasets of a definition's aliases, but those the run has already; all by alias."""
        datasets = dict(known)
        for alias, schema in dataset_schemas(definition).items():
            if alias != DEFAULT and alias not in datasets:
                datasets[alias] = (await self.datasets.open_default(user_id, run_id, schema=schema, **creator)).id
        return datasets

    def resolve_reference(self, user_id: str, resource_type: str, reference: str) -> Storage | None:
        """The user's storage as an input names it; `resource_type` as in input schemas."""
        match resource_type:
            case "dataset":
                return self.datasets.resolve_reference(user_id, reference)
            case "keyValueStore":
                return self.key_value_stores.resolve_reference(user_id, reference)
            case "requestQueue":
                return self.request_queues.resolve_reference(user_id, reference)
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

    async def drop_of_lost_runs(self) -> None:
        """Drop default storages of runs that are not there."""
        for kind in (self.key_value_stores, self.datasets, self.request_queues):
            await kind.drop_of_lost_runs()


def dataset_schemas(definition: JsonObject) -> dict[str, JsonObject | None]:
    """The schemas of an Actor's datasets by alias, the default one's among them (`storages.dataset`, `.datasets`)."""
    storages = _object(definition.get("storages"))
    return {DEFAULT: storages.get("dataset"), **_object(storages.get("datasets"))}


def key_value_store_schema(definition: JsonObject) -> JsonObject | None:
    """The schema of an Actor's default key-value store (`storages.keyValueStore`)."""
    schema: JsonObject | None = _object(definition.get("storages")).get("keyValueStore")
    return schema


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, Mapping) else {}
