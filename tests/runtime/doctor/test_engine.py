"""The checks of an engine: on the real one, without one, and with properties that the real one does not have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import docker
import pytest

from runtime.containers import INSTANCE_LABEL, DiskEnforcement, StartFailed
from runtime.containers.connection import EngineConnection
from runtime.containers.probes import EngineProbes
from runtime.containers.tiny_programs import MACHINES
from runtime.doctor import Check, Verdict
from runtime.doctor import engine as checks
from runtime.doctor.engine import CHECKS, INSTANCE_ID, Examined, examine_engine
from tests.fakes.containers import ENGINE

PROPERTIES = {"Architecture": "x86_64", "MemoryLimit": True, "SwapLimit": True, "CpuCfsQuota": True, "PidsLimit": True}


class ProbesWith(EngineProbes):
    """Probes with these results."""

    def __init__(self, *, kills: bool = True, error: int = 0, images: tuple[str, ...] = (), **counts: int) -> None:
        self._results = (kills, error, list(images), counts)

    async def kills_at_the_memory_limit(self, *_: Any) -> bool:
        return self._results[0]

    async def connect_from_container(self, *_: Any) -> int:
        return self._results[1]

    async def names_of_images(self) -> list[str]:
        return self._results[2]

    async def containers_by_instance(self) -> dict[str, int]:
        return self._results[3]


def examined(*, probes: ProbesWith | None = None, properties: dict[str, Any] | None = None, **engine: Any) -> Examined:
    of_engine = {**PROPERTIES, **(properties or {})}
    machine = MACHINES.get(of_engine["Architecture"])
    return Examined(replace(ENGINE, **engine), of_engine, probes or ProbesWith(), machine, own_instance_id="own")


async def all_checks(own_instance_id: str | None = None) -> dict[str, Check]:
    return {check.name: check async for check in examine_engine(own_instance_id)}


@pytest.mark.docker
async def test_the_real_engine_passes_and_nothing_remains_on_it() -> None:
    found = await all_checks()
    verdicts = {name: found[name].verdict for name in ("engine", "cgroup", "memory limit", "gateway")}
    assert list(found) == list(CHECKS)
    assert verdicts == dict.fromkeys(verdicts, Verdict.OK)
    engine = docker.from_env()
    label: dict[str, str | list[str] | bool] = {"label": f"{INSTANCE_LABEL}={INSTANCE_ID}"}
    assert (engine.containers.list(all=True, filters=label), engine.images.list(filters=label)) == ([], [])
    assert engine.networks.list(filters=label) == []


@pytest.mark.docker
async def test_a_container_without_a_limit_is_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe finds out that a limit is not enforced."""
    connection = EngineConnection(None)
    await connection.open()
    monkeypatch.setattr("runtime.containers.probes.LIMIT_BYTES", 1024**3)
    probes = EngineProbes(connection, INSTANCE_ID)
    assert not await probes.kills_at_the_memory_limit(MACHINES[(await probes.properties())["Architecture"]])
    connection.close()


async def test_without_an_engine_nothing_else_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    found = await all_checks()
    assert found.pop("engine").verdict is Verdict.FAIL
    assert {check.verdict for check in found.values()} == {Verdict.SKIP}


async def test_a_memory_limit_that_does_not_kill_fails() -> None:
    assert (await checks._memory_limit(examined(probes=ProbesWith(kills=False)))).verdict is Verdict.FAIL


async def test_a_check_that_the_engine_rejects_fails() -> None:
    async def rejected() -> Check:
        raise StartFailed("no such driver")

    check = await checks._attempted("gateway", rejected())
    assert (check.name, check.verdict, "no such driver" in check.found) == ("gateway", Verdict.FAIL, True)


async def test_a_machine_without_a_probe_is_skipped() -> None:
    riscv = examined(properties={"Architecture": "riscv64"})
    assert (await checks._memory_limit(riscv)).verdict is Verdict.SKIP
    assert (await checks._gateway(riscv)).verdict is Verdict.SKIP
    assert checks._architecture(riscv).verdict is Verdict.WARN


async def test_a_firewall_is_named_by_its_error() -> None:
    check = await checks._gateway(examined(probes=ProbesWith(error=110)))
    assert (check.verdict, "ETIMEDOUT" in check.found) == (Verdict.FAIL, True)


async def test_a_host_without_a_gateway_is_skipped() -> None:
    assert (await checks._gateway(examined(gateway=None))).verdict is Verdict.SKIP


async def test_containers_of_other_data_directories_are_left_overs() -> None:
    assert (await checks._left_overs(examined(probes=ProbesWith(own=2, doctor=1)))).verdict is Verdict.OK
    check = await checks._left_overs(examined(probes=ProbesWith(own=2, other=3)))
    assert (check.verdict, "other (3)" in check.found) == (Verdict.WARN, True)


async def test_base_images() -> None:
    images = ("apify/actor-python:3.13", "debian:12")
    check = await checks._base_images(examined(probes=ProbesWith(images=images)))
    assert (check.verdict, "debian" in check.found) == (Verdict.OK, False)
    assert (await checks._base_images(examined())).verdict is Verdict.WARN


def test_missing_controllers_are_named() -> None:
    check = checks._controllers(examined(properties={"SwapLimit": False}))
    assert (check.verdict, "swap" in check.found) == (Verdict.WARN, True)


def test_a_polled_disk_limit_is_a_warning() -> None:
    assert checks._disk_limit(examined()).verdict is Verdict.WARN
    assert checks._disk_limit(examined(disk=DiskEnforcement.HARD)).verdict is Verdict.OK


def test_an_engine_with_little_memory_is_a_warning() -> None:
    assert checks._memory(examined(memory_bytes=512 * 1024**2)).verdict is Verdict.WARN
