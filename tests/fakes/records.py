"""Complete records, for tests that only set some of their fields."""

from __future__ import annotations

from typing import Any

from runtime.base.lifecycle import JobStatus
from runtime.base.records import (
    Actor,
    Build,
    BuildOptions,
    Meta,
    Origin,
    PermissionLevel,
    Pricing,
    PricingModel,
    Run,
    RunOptions,
    User,
    Version,
)
from runtime.containers import ContainerSpec, DiskEnforcement, Engine
from tests.fakes.clock import START


def a_user(**fields: Any) -> User:
    return User(**{"id": "user1", "username": "local", "created_at": START, **fields})


def an_actor(**fields: Any) -> Actor:
    given = {"id": "actor1", "user_id": "user1", "name": "hello", "created_at": START, "modified_at": START}
    return Actor(**{**given, **fields})


def a_pricing(events: dict[str, float] | None = None, **fields: Any) -> Pricing:
    """Pay per event at these prices."""
    prices = events or {}
    charge_events = {name: {"eventTitle": name, "eventPriceUsd": price} for name, price in prices.items()}
    given = {
        "model": PricingModel.PAY_PER_EVENT,
        "started_at": START,
        "event_prices_usd": prices,
        "shown": {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": charge_events}},
    }
    return Pricing(**{**given, **fields})


def a_version(**fields: Any) -> Version:
    return Version(**{"id": "", "actor_id": "", "number": "0.0", "created_at": START, **fields})


def a_build(**fields: Any) -> Build:
    given = {
        "id": "build1",
        "user_id": "user1",
        "actor_id": "actor1",
        "version_number": "0.0",
        "number": "0.0.1",
        "number_int": 1,
        "status": JobStatus.SUCCEEDED,
        "started_at": START,
        "meta": Meta(origin=Origin.API),
        "options": BuildOptions(tag="latest"),
        "image": "sha256:image1",
    }
    return Build(**{**given, **fields})


def options(**fields: Any) -> RunOptions:
    given = {
        "build": "latest",
        "timeout_secs": 3600,
        "memory_mbytes": 1024,
        "disk_mbytes": 2048,
        "requested_mbytes": 1024,
    }
    return RunOptions(**{**given, **fields})


def a_run(**fields: Any) -> Run:
    id = fields.get("id", "run1")
    given = {
        "id": id,
        "user_id": "user1",
        "actor_id": "actor1",
        "build_id": "build1",
        "build_number": "0.0.1",
        "status": JobStatus.RUNNING,
        "started_at": START,
        "meta": Meta(origin=Origin.API),
        "options": options(),
        "default_key_value_store_id": "store1",
        "default_dataset_id": "dataset1",
        "default_request_queue_id": "queue1",
        "permission_level": PermissionLevel.LIMITED,
        "token": f"greenroom_run_{id}",
        "web_key": f"webkey{id}",
        "events_key": f"eventskey{id}",
        "container_url": f"http://webkey{id}.runs.localhost:3333",
        "api_port": 3333,
        "web_server_port": 4321,
    }
    return Run(**{**given, **fields})


def an_engine(**fields: Any) -> Engine:
    given = {
        "version": "20.10.24",
        "api_version": "1.41",
        "cgroup_version": "1",
        "storage_driver": "overlay2",
        "operating_system": "Debian",
        "disk": DiskEnforcement.POLLED,
        "disk_note": "",
        "quota_counts_image": False,
        "reads_cgroups": True,
        "network": "greenroom-test",
        "gateway": "172.30.0.1",
        "reaches_containers": True,
        "memory_bytes": 16 * 1024**3,
        "cpus": 2,
    }
    return Engine(**{**given, **fields})


def a_spec(**fields: Any) -> ContainerSpec:
    given = {
        "name": "greenroom-run1",
        "image": "sha256:image1",
        "labels": {},
        "environment": {},
        "memory_bytes": 1024**3,
        "cpus": 1.0,
        "disk_bytes": 2 * 1024**3,
        "pids": 4096,
        "shm_bytes": 512 * 1024**2,
        "web_server_port": 4321,
        "hosts": {},
    }
    return ContainerSpec(**{**given, **fields})
