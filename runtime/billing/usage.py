"""The platform usage of a run, in the platform's units, and its cost by the platform's list prices.

Source: the platform's price list for its FREE and Starter plans. The run's default storages count the storage
operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.base.clock import Millis
from runtime.base.proxy_settings import RESIDENTIAL, SERP
from runtime.base.records import Dataset, KeyValueStore, ProxyUse, RequestQueue, Run
from runtime.jobs.stats import run_compute_units

Usage = dict[str, float]
GBYTE = 1024**3

USD_PER_UNIT = {
    "ACTOR_COMPUTE_UNITS": 0.2,
    "DATASET_READS": 0.0004 / 1000,
    "DATASET_WRITES": 0.005 / 1000,
    "KEY_VALUE_STORE_READS": 0.005 / 1000,
    "KEY_VALUE_STORE_WRITES": 0.05 / 1000,
    "KEY_VALUE_STORE_LISTS": 0.05 / 1000,
    "REQUEST_QUEUE_READS": 0.004 / 1000,
    "REQUEST_QUEUE_WRITES": 0.01 / 1000,
    "DATA_TRANSFER_INTERNAL_GBYTES": 0.05,
    "DATA_TRANSFER_EXTERNAL_GBYTES": 0.2,
    "PROXY_RESIDENTIAL_TRANSFER_GBYTES": 8.0,
    "PROXY_SERPS": 2.5 / 1000,
}


def of_storages(
    datasets: Iterable[Dataset | None], store: KeyValueStore | None, queue: RequestQueue | None
) -> dict[str, int]:
    """The operations that a run's own storages counted, by unit. A deleted storage counts as zero."""
    existing = [dataset for dataset in datasets if dataset is not None]
    return {
        "DATASET_READS": sum(dataset.read_count for dataset in existing),
        "DATASET_WRITES": sum(dataset.write_count for dataset in existing),
        "KEY_VALUE_STORE_READS": store.read_count if store else 0,
        "KEY_VALUE_STORE_WRITES": store.write_count if store else 0,
        "KEY_VALUE_STORE_LISTS": store.list_count if store else 0,
        "REQUEST_QUEUE_READS": queue.read_count if queue else 0,
        "REQUEST_QUEUE_WRITES": queue.write_count if queue else 0,
    }


def of_run(run: Run, storages: Mapping[str, int], now: Millis) -> Usage:
    """The run's usage by unit. Network traffic that is not exchanged with the API or the proxy counts as external.

    The platform's connection from Actors to its proxy is internal ("Proxy usage" in its documentation).
    """
    stats, none = run.stats, ProxyUse()
    traffic = (stats.net_rx_bytes or 0) + (stats.net_tx_bytes or 0)
    internal = stats.api_bytes + sum(each.client_bytes for each in stats.proxy.values())
    residential = stats.proxy.get(RESIDENTIAL, none)
    return {
        "ACTOR_COMPUTE_UNITS": run_compute_units(run, now),
        **storages,
        "DATA_TRANSFER_INTERNAL_GBYTES": internal / GBYTE,
        "DATA_TRANSFER_EXTERNAL_GBYTES": max(0, traffic - internal) / GBYTE,
        "PROXY_RESIDENTIAL_TRANSFER_GBYTES": (residential.sent_bytes + residential.received_bytes) / GBYTE,
        "PROXY_SERPS": stats.proxy.get(SERP, none).serps,
    }


def in_usd(usage: Usage) -> Usage:
    return {unit: amount * USD_PER_UNIT[unit] for unit, amount in usage.items()}
