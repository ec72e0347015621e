from __future__ import annotations

from typing import Any

import pytest

from runtime.base.plans import LOCAL
from runtime.base.records import Dataset, KeyValueStore, ProxyUse, RequestQueue, RunStats
from runtime.billing import usage
from tests.fakes.clock import START
from tests.fakes.records import a_run, options

BASE: dict[str, Any] = {"user_id": "user1", "created_at": START, "modified_at": START, "accessed_at": START}


def test_the_usage_of_a_run_has_every_unit_of_the_price_list() -> None:
    run = a_run(
        options=options(memory_mbytes=2048),
        finished_at=START + 1_800_000,
        stats=RunStats(net_rx_bytes=usage.GBYTE, net_tx_bytes=usage.GBYTE // 2, api_bytes=usage.GBYTE // 4),
    )
    storages = usage.of_storages(
        [Dataset(id="d", read_count=1, write_count=1, **BASE), None, Dataset(id="e", write_count=1, **BASE)],
        KeyValueStore(id="k", read_count=3, write_count=4, list_count=5, **BASE),
        RequestQueue(id="q", read_count=6, write_count=7, **BASE),
    )
    assert usage.of_run(run, storages, START) == {
        "ACTOR_COMPUTE_UNITS": 1,
        "DATASET_READS": 1,
        "DATASET_WRITES": 2,
        "KEY_VALUE_STORE_READS": 3,
        "KEY_VALUE_STORE_WRITES": 4,
        "KEY_VALUE_STORE_LISTS": 5,
        "REQUEST_QUEUE_READS": 6,
        "REQUEST_QUEUE_WRITES": 7,
        "DATA_TRANSFER_INTERNAL_GBYTES": 0.25,
        "DATA_TRANSFER_EXTERNAL_GBYTES": 1.25,
        "PROXY_RESIDENTIAL_TRANSFER_GBYTES": 0,
        "PROXY_SERPS": 0,
    }


def test_what_passes_the_proxy_is_internal_and_billed_by_group() -> None:
    """The network counters of a container include its traffic with the proxy."""
    used = ProxyUse(sent_bytes=usage.GBYTE // 4, received_bytes=usage.GBYTE // 4, client_bytes=usage.GBYTE // 2)
    proxy = {"RESIDENTIAL": used, "auto": used, "GOOGLE_SERP": ProxyUse(serps=3)}
    run = a_run(stats=RunStats(net_rx_bytes=2 * usage.GBYTE, net_tx_bytes=0, api_bytes=usage.GBYTE // 2, proxy=proxy))
    found = usage.of_run(run, {}, START)
    assert found["PROXY_RESIDENTIAL_TRANSFER_GBYTES"] == 0.5
    assert found["PROXY_SERPS"] == 3
    assert (found["DATA_TRANSFER_INTERNAL_GBYTES"], found["DATA_TRANSFER_EXTERNAL_GBYTES"]) == (1.5, 0.5)


def test_deleted_storages_count_as_unused() -> None:
    used = usage.of_run(a_run(), usage.of_storages([None], None, None), START)
    assert used.keys() == LOCAL.usd_per_unit.keys()
    assert set(used.values()) == {0}


def test_the_cost_of_usage_is_its_units_at_list_prices() -> None:
    costs = usage.in_usd({"ACTOR_COMPUTE_UNITS": 2, "DATASET_WRITES": 1000}, LOCAL.usd_per_unit)
    assert costs == pytest.approx({"ACTOR_COMPUTE_UNITS": 0.4, "DATASET_WRITES": 0.005})
