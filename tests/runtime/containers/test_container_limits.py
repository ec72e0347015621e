"""The limits of a container."""

from __future__ import annotations

import pytest

from runtime.containers import DiskEnforcement
from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import (
    MIB,
    SLEEP,
    Start,
    text_of,
)

pytestmark = pytest.mark.docker


async def test_the_limits_are_enforced(door: DockerContainers, start: Start) -> None:
    container = await start(
        "import resource, os, pathlib as p\n"
        "def first(*names): return next(p.Path(n).read_text().split()[0] for n in names if p.Path(n).exists())\n"
        "c = '/sys/fs/cgroup/'\n"
        "print(first(c + 'memory/memory.limit_in_bytes', c + 'memory.max'))\n"
        "print(first(c + 'cpu/cpu.cfs_quota_us', c + 'cpu.max'))\n"
        "print(first(c + 'pids/pids.max', c + 'pids.max'))\n"
        "print(resource.getrlimit(resource.RLIMIT_FSIZE)[0])\n"
        "s = os.statvfs('/dev/shm'); print(s.f_blocks * s.f_frsize)\n"
        "status = p.Path('/proc/self/status').read_text()\n"
        "print([l.split()[1] for l in status.splitlines() if l.startswith('NoNewPrivs')][0])\n",
        cpus=0.005,
        shm_bytes=32 * MIB,
        pids=99,
    )
    await container.set_cpus(2)
    memory, cpu, pids, fsize, shm, privileges = (await text_of(container)).split()
    assert (int(memory), int(pids), int(shm), privileges) == (256 * MIB, 99, 32 * MIB, "1")
    assert int(cpu) in (1_000, 200_000)
    if door.engine.disk is DiskEnforcement.POLLED:
        assert int(fsize) == 512 * MIB


async def test_the_cpu_share_can_change_and_has_a_minimum(door: DockerContainers, start: Start) -> None:
    container = await start(SLEEP)
    for cpus, quota in ((0.25, 25_000), (0.001, 1_000), (64, 6_400_000)):
        await container.set_cpus(cpus)
        host = (await door.connection.call(door.connection.api.inspect_container, container.id))["HostConfig"]
        assert (host["CpuPeriod"], host["CpuQuota"]) == (100_000, quota)


async def test_too_much_memory_is_an_oom_kill(start: Start) -> None:
    container = await start("x = bytearray(400 << 20); print('survived')")
    state = await container.wait()
    assert state and state.exit_code == 137 and state.oom_killed
    assert await text_of(container) == ""


async def test_the_oom_kill_of_a_child_process_is_reported(start: Start) -> None:
    container = await start(
        "import subprocess, sys\n"
        "child = subprocess.run([sys.executable, '-c', 'x = bytearray(400 << 20)'])\n"
        "print(child.returncode)"
    )
    state = await container.wait()
    assert state and state.exit_code == 0 and state.oom_killed
    assert await text_of(container) == "-9"


async def test_a_file_over_the_polled_limit_cannot_be_written(door: DockerContainers, start: Start) -> None:
    if door.engine.disk is not DiskEnforcement.POLLED:
        pytest.skip("this engine has quotas")
    container = await start(
        "f = open('/tmp/x', 'wb', 0); n = 0\n"
        "try:\n    while True: n += f.write(bytes(1 << 20))\n"
        "except OSError as e: print(n >> 20, e.errno)",
        disk_bytes=16 * MIB,
    )
    assert await text_of(container) == "16 27"  # EFBIG


async def test_root_can_install_packages_but_not_open_raw_sockets(start: Start) -> None:
    container = await start(
        "import os, socket, pathlib as p\n"
        "p.Path('/tmp/f').touch(); os.chown('/tmp/f', 1, 1); print('chown')\n"
        "pid = os.fork()\n"
        "if not pid: os.setgid(65534); os.setuid(65534); os._exit(0)\n"
        "print(os.waitpid(pid, 0)[1])\n"
        "try: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\n"
        "except PermissionError: print('no raw sockets')"
    )
    assert (await text_of(container)).split("\n") == ["chown", "0", "no raw sockets"]
