"""The platform usage of a run, in the platform's units, and its cost by the prices of a plan.

The run's default storages count the storage operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.base.clock import Millis
from runtime.base.proxy_settings import RESIDENTIAL, SERP
from runtime.base.records import Build, Dataset, KeyValueStore, ProxyUse, RequestQueue, Run
from runtime.jobs.stats import compute_units, run_compute_units

Usage = dict[str, float]
GBYTE = 1024**3


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


def of_build(build: Build, now: Millis) -> Usage:
    """The usage of a build until its end."""
    millis = max(0, (build.finished_at or now) - build.started_at)
    return {"ACTOR_COMPUTE_UNITS": compute_units(build.options.memory_mbytes, millis)}


def in_usd(usage: Mapping[str, float], usd_per_unit: Mapping[str, float]) -> Usage:
    return {unit: amount * usd_per_unit[unit] for unit, amount in usage.items()}
