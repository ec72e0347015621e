"""The checks of the Docker engine: each limit is tried out, not read from the engine's description of itself."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.containers import INSTANCE_LABEL, DiskEnforcement, Engine, EngineUnavailable, StartFailed
from runtime.containers.docker import DockerContainers
from runtime.containers.probes import EngineProbes, machine_of
from runtime.containers.tiny_programs import Machine
from runtime.doctor import Check, fail, ok, skip, warn

INSTANCE_ID = "doctor"
CHECKS = (
    "engine",
    "cgroup",
    "memory limit",
    "disk limit",
    "architecture",
    "engine memory",
    "gateway",
    "leftovers",
    "base images",
)
BASE_IMAGE = "apify/actor-"
PLATFORM_ARCHITECTURE = "x86_64"
LEAST_MEMORY_BYTES = 1024**3
CONTROLLERS = {"MemoryLimit": "memory", "SwapLimit": "swap", "CpuCfsQuota": "cpu", "PidsLimit": "pids"}
"""The controllers that Greenroom needs, by the fields of `docker info` that report them."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An open engine. `machine` is None if there is no probe for its instruction set."""

    engine: Engine
    properties: Mapping[str, Any]
    probes: EngineProbes
    machine: Machine | None
    own_instance_id: str | None


async def examine_engine(own_instance_id: str | None) -> AsyncIterator[Check]:
    """Yield the result of each of CHECKS in this order. `own_instance_id` is that of the data directory."""
    containers = DockerContainers(INSTANCE_ID)
    try:
        engine = await containers.open()
    except EngineUnavailable as error:
        yield fail("engine", str(error), "Install or start Docker, then run `greenroom doctor` again.")
        for name in CHECKS[1:]:
            yield skip(name, "the engine does not respond")
        return
    try:
        probes = EngineProbes(containers.connection, INSTANCE_ID)
        properties = await probes.properties()
        examined = Examined(engine, properties, probes, machine_of(properties), own_instance_id)
        yield _engine(examined)
        yield _controllers(examined)
        yield await _attempted("memory limit", _memory_limit(examined))
        yield _disk_limit(examined)
        yield _architecture(examined)
        yield _memory(examined)
        yield await _attempted("gateway", _gateway(examined))
        yield await _attempted("leftovers", _left_overs(examined))
        yield await _attempted("base images", _base_images(examined))
    finally:
        await containers.close()


async def _attempted(name: str, check: Awaitable[Check]) -> Check:
    """Return the result of a check, also if the engine does not permit it."""
    try:
        return await check
    except (StartFailed, EngineUnavailable) as error:
        return fail(name, f"the engine did not permit the check: {error}", "Correct what the engine reports.")


def _engine(examined: Examined) -> Check:
    engine = examined.engine
    return ok("engine", f"Docker {engine.version} (API {engine.api_version}) on {engine.operating_system}")


def _controllers(examined: Examined) -> Check:
    version = f"cgroup v{examined.engine.cgroup_version}"
    missing = [controller for field, controller in CONTROLLERS.items() if not examined.properties.get(field)]
    if missing:
        return warn(
            "cgroup",
            f"{version} without the controllers: {', '.join(missing)}",
            "Their limits are not enforced. Enable them in the kernel's options. For a rootless engine, delegate them"
            " to its user.",
        )
    counters = "read directly" if examined.engine.reads_cgroups else "read through the engine, once a second"
    return ok("cgroup", f"{version}, {', '.join(CONTROLLERS.values())}; counters are {counters}")


async def _memory_limit(examined: Examined) -> Check:
    if examined.machine is None:
        return _without_probe("memory limit", examined)
    if await examined.probes.kills_at_the_memory_limit(examined.machine):
        return ok("memory limit", "enforced: a container that needed more was killed")
    return fail(
        "memory limit",
        "not enforced: a container used four times its limit",
        "Enable the memory controller, and swap accounting (`swapaccount=1` in the kernel's options) or turn swap off.",
    )


def _without_probe(name: str, examined: Examined) -> Check:
    return skip(name, f"Greenroom has no probe for {examined.properties['Architecture']}")


def _disk_limit(examined: Examined) -> Check:
    engine = examined.engine
    if engine.disk is DiskEnforcement.HARD:
        return ok("disk limit", f"enforced by {engine.disk_note}")
    return warn(
        "disk limit",
        f"{engine.disk}: {engine.disk_note}",
        "Runs are stopped after they exceed their disk limit. For a limit that writes cannot exceed, use an engine with"
        " storage quotas (overlay2 on xfs with pquota, or btrfs).",
    )


def _architecture(examined: Examined) -> Check:
    architecture = examined.properties["Architecture"]
    if architecture == PLATFORM_ARCHITECTURE:
        return ok("architecture", f"{architecture}, as on the platform")
    return warn(
        "architecture",
        f"{architecture}, but the platform runs {PLATFORM_ARCHITECTURE}",
        "Images for the platform's architecture are emulated here, which is slower and needs more memory.",
    )


def _memory(examined: Examined) -> Check:
    size = examined.engine.memory_bytes
    found = f"{size / 1024**3:.1f} GB and {examined.engine.cpus} cores"
    if size >= LEAST_MEMORY_BYTES:
        return ok("engine memory", found)
    return warn("engine memory", found, "Actors need 1 GB and more. Give the engine's virtual machine more memory.")


async def _gateway(examined: Examined) -> Check:
    engine = examined.engine
    if engine.gateway is None:
        return skip("gateway", "containers reach this host through the engine's virtual machine")
    if examined.machine is None:
        return _without_probe("gateway", examined)
    error = await examined.probes.connect_from_container(examined.machine, engine.network, engine.gateway)
    if error == 0:
        return ok("gateway", f"containers reach this host at {engine.gateway}")
    return fail(
        "gateway",
        f"containers cannot connect to this host at {engine.gateway}: {errno.errorcode.get(error, error)}",
        f"Actors need this to reach the API. A firewall probably rejects packets from Docker's bridges: allow them, for"
        f" example with `ufw allow from {engine.gateway}/16`.",
    )


async def _left_overs(examined: Examined) -> Check:
    counts = await examined.probes.containers_by_instance()
    others = {id: count for id, count in counts.items() if id not in (INSTANCE_ID, examined.own_instance_id)}
    if not others:
        return ok("leftovers", "no containers of other data directories")
    listed = ", ".join(f"{id} ({count})" for id, count in sorted(others.items()))
    return warn(
        "leftovers",
        f"containers of other data directories: {listed}",
        "Their servers remove or adopt them. If such a directory no longer exists, remove its containers with"
        f" `docker rm -f $(docker ps -aq --filter label={INSTANCE_LABEL}=ID)`.",
    )


async def _base_images(examined: Examined) -> Check:
    present = [name for name in await examined.probes.names_of_images() if name.startswith(BASE_IMAGE)]
    if present:
        return ok("base images", f"present, so that builds work offline: {', '.join(present)}")
    return warn(
        "base images",
        f"no image {BASE_IMAGE}* is present",
        "The first build pulls the image that its Dockerfile names. To build offline, pull it now, for example with"
        " `docker pull apify/actor-python:3.13`.",
    )
