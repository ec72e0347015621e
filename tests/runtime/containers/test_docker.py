"""The door on a real engine."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
import urllib.request
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from runtime.containers import DiskEnforcement, EngineUnavailable, ImageMissing, StartFailed
from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import (
    BASE_IMAGE,
    MIB,
    Start,
    build_spec,
    clean_up,
    container_spec,
    log_of,
    text_of,
)

pytestmark = pytest.mark.docker

SLEEP = "import time; print('ready'); time.sleep(600)"
SERVE = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=4321)"


# The engine.


async def test_open_tells_what_the_engine_is(door: DockerContainers) -> None:
    engine = door.engine
    assert engine.version and engine.api_version and engine.memory_bytes > 0 and engine.cpus > 0
    assert engine.cgroup_version in ("1", "2")
    assert engine.disk in (DiskEnforcement.HARD, DiskEnforcement.POLLED) and engine.disk_note
    assert await door.list() == []


async def test_an_engine_that_is_not_there_is_named(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/none.sock"
    with pytest.raises(EngineUnavailable, match=r"none\.sock.*DOCKER_HOST"):
        await DockerContainers("test", docker_host=address).open()


async def test_an_engine_tells_whether_it_was_started_since(door: DockerContainers) -> None:
    start = await door.restarted_since(0)
    assert start is not None and 0 < start.at < time.time() * 1000
    assert await door.restarted_since(start.at) == start
    assert await door.restarted_since(start.at + 1) is None


async def test_the_network_separates_containers_and_a_left_one_is_taken_again(door: DockerContainers) -> None:
    network = await door.connection.call(door.connection.api.inspect_network, door.engine.network)
    assert network["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    again = DockerContainers(door.engine.network.removeprefix("greenroom-"))
    engine = await again.open()
    assert (await again.connection.call(again.connection.api.inspect_network, engine.network))["Id"] == network["Id"]
    assert engine.gateway == door.engine.gateway
    await again.close()


async def test_containers_do_not_reach_each_other(door: DockerContainers, start: Start) -> None:
    serving = await start(SERVE)
    await _answer(serving, 4321)
    address = await serving.web_server_address(4321)
    assert address
    host = address[0] if door.engine.reaches_containers else "unknown"
    calling = await start(
        f"import socket\ntry: socket.create_connection(('{host}', 4321), 2); print('reached')\n"
        "except OSError: print('separated')"
    )
    assert await text_of(calling) == "separated"


async def test_close_leaves_no_network(script_image: str) -> None:
    door = DockerContainers(f"test-{secrets.token_hex(4)}")
    network = (await door.open()).network
    await door.close()
    other = DockerContainers(f"test-{secrets.token_hex(4)}")
    await other.open()
    assert await other.connection.call(other.connection.api.networks, names=[network]) == []
    await other.close()


async def test_instances_do_not_see_each_other_and_a_crashed_one_finds_its_own(
    door: DockerContainers, start: Start
) -> None:
    container = await start(SLEEP)
    other = DockerContainers(f"test-{secrets.token_hex(4)}")
    await other.open()
    assert await other.list() == []
    await clean_up(other)
    after_crash = DockerContainers(door.engine.network.removeprefix("greenroom-"))
    await after_crash.open()
    [found] = await after_crash.list()
    assert found.id == container.id and found.labels["run"] == "r1"
    state = await found.inspect()
    assert state and state.running
    await clean_up(after_crash)


# A container's life.


async def test_an_exit_code_and_the_times_are_told(start: Start) -> None:
    container = await start("raise SystemExit(3)")
    state = await container.wait()
    assert state and state.exit_code == 3 and not state.running and not state.oom_killed
    assert state.started_at and state.finished_at and state.started_at <= state.finished_at


async def test_many_waiters_are_woken_by_events(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    container = await start(SLEEP)
    waiters = [asyncio.create_task(container.wait()) for _ in range(5)]
    await asyncio.sleep(0.2)
    await container.kill()
    async with asyncio.timeout(20):  # well below the slow look-again
        assert {state.exit_code for state in await asyncio.gather(*waiters) if state} == {137}


async def test_sigterm_reaches_the_actor_behind_the_init(start: Start) -> None:
    container = await start(SLEEP)
    await _first_line(container)
    await container.stop(60)
    state = await container.inspect()
    assert state and state.exit_code == 143


async def test_an_actor_that_ignores_sigterm_is_killed_after_the_grace(start: Start) -> None:
    container = await start("import signal; signal.signal(15, lambda *_: print('asked'))\n" + SLEEP + "\n" + SLEEP)
    await _first_line(container)
    await container.stop(1)
    state = await container.inspect()
    assert state and state.exit_code == 137 and not state.oom_killed
    assert "asked" in await text_of(container)


async def test_what_is_gone_counts_as_ended(start: Start) -> None:
    container = await start("pass")
    await container.wait()
    await container.kill()
    await container.stop(1)
    await container.remove()
    await container.remove()
    await container.kill()
    await container.stop(1)
    await container.set_cpus(1)
    assert await container.inspect() is None
    assert await container.wait() is None
    assert await container.disk_bytes() is None
    assert await container.web_server_address(4321) is None
    assert await log_of(container) == []
    assert [sample async for sample in container.samples()] == []


async def test_removal_ends_wait_log_and_samples(start: Start) -> None:
    container = await start(SLEEP)
    await _first_line(container)

    async def drain() -> int:
        return len([sample async for sample in container.samples()])

    async with asyncio.timeout(25):
        wait, log, samples, _ = await asyncio.gather(
            container.wait(), log_of(container), drain(), _after(0.5, container)
        )
    assert wait is None or not wait.running
    assert [line.text for line in log] == [b"ready"] and samples >= 1


async def test_a_missing_image_is_told(door: DockerContainers) -> None:
    with pytest.raises(ImageMissing, match="No such image"):
        await door.create(container_spec("greenroom-test-none:1", ""))


async def test_a_command_that_is_not_there_is_told(door: DockerContainers, tmp_path: Path) -> None:
    tag = f"greenroom-test-{secrets.token_hex(4)}"
    (tmp_path / "Dockerfile").write_text(f'FROM {BASE_IMAGE}\nWORKDIR /nowhere\nUSER nobody-there\nCMD ["x"]\n')
    await door.build(build_spec(tmp_path, tag), lambda lines: None)
    container = await door.create(container_spec(tag, ""))
    with pytest.raises(StartFailed, match="nobody-there") as failed:
        await container.start()
    assert "OCI runtime" not in str(failed.value)
    await container.remove()
    await door.remove_image(tag)


async def test_a_container_takes_the_place_of_one_whose_making_was_not_answered(
    door: DockerContainers, script_image: str
) -> None:
    spec = container_spec(script_image, "")
    lost, made = await door.create(spec), await door.create(spec)
    assert [each.id for each in await door.list()] == [made.id] != [lost.id]


async def test_a_cancelled_create_leaves_nothing(door: DockerContainers, script_image: str) -> None:
    creating = asyncio.create_task(door.create(container_spec(script_image, "")))
    for _ in range(5):  # turns of the loop: the engine was asked, and cannot have answered yet
        await asyncio.sleep(0)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    assert await door.list() == []


# Limits.


async def test_the_limits_are_in_force(door: DockerContainers, start: Start) -> None:
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


async def test_the_cpu_share_can_change_and_has_a_floor(door: DockerContainers, start: Start) -> None:
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


async def test_a_killed_child_is_flagged_though_the_actor_went_on(start: Start) -> None:
    container = await start(
        "import subprocess, sys\n"
        "child = subprocess.run([sys.executable, '-c', 'x = bytearray(400 << 20)'])\n"
        "print(child.returncode)"
    )
    state = await container.wait()
    assert state and state.exit_code == 0 and state.oom_killed
    assert await text_of(container) == "-9"


async def test_a_file_over_the_polled_limit_is_refused(door: DockerContainers, start: Start) -> None:
    if door.engine.disk is not DiskEnforcement.POLLED:
        pytest.skip("this engine has quotas")
    container = await start(
        "f = open('/tmp/x', 'wb', 0); n = 0\n"
        "try:\n    while True: n += f.write(bytes(1 << 20))\n"
        "except OSError as e: print(n >> 20, e.errno)",
        disk_bytes=16 * MIB,
    )
    assert await text_of(container) == "16 27"  # EFBIG


async def test_root_keeps_what_package_managers_need_and_loses_raw_sockets(start: Start) -> None:
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


# Logs.


async def test_a_hundred_thousand_lines_arrive_complete_and_in_order(start: Start) -> None:
    container = await start("import sys; sys.stdout.write(''.join(f'{i}\\n' for i in range(100_000)))")
    log = await log_of(container)
    assert [int(line.text) for line in log] == list(range(100_000))
    assert [line.stamp for line in log] == sorted(line.stamp for line in log)
    assert len(log[0].stamp) == len("2026-01-01T00:00:00.000000000Z")


async def test_the_logs_of_a_busy_engine_are_complete(start: Start) -> None:
    async def numbers() -> list[int]:
        container = await start("import sys; sys.stdout.writelines(f'{i}\\n' for i in range(20_000))")
        return [int(line.text) for line in await log_of(container)]

    for numbered in await asyncio.gather(*(numbers() for _ in range(8))):
        assert numbered == list(range(20_000))


async def test_long_lines_are_joined(start: Start) -> None:
    container = await start(
        "import sys\n"
        "print('a' * (1 << 20))\n"
        "print('\\u20ac' * 5000)\n"
        "print()\n"
        "print('\\u20ac' * 20_000)\n"
        "sys.stdout.write('without an end' * 5000)"
    )
    a, short, empty, long, torn = [line.text for line in await log_of(container)]
    assert a == b"a" * (1 << 20)
    assert short.decode() == "\u20ac" * 5000
    assert empty == b"" and torn == b"without an end" * 5000
    # The engine itself loses a character that it cuts (its log file is JSON); all others are intact.
    assert set(long.decode()) <= {"\u20ac", "\ufffd"} and long.decode().count("\u20ac") >= 20_000 - 60_000 // 16_384


async def test_stderr_is_told_apart(start: Start) -> None:
    container = await start("import sys; print('out'); print('err', file=sys.stderr)")
    assert {(line.stream, line.text) for line in await log_of(container)} == {("stdout", b"out"), ("stderr", b"err")}


async def test_lines_arrive_while_the_container_runs(start: Start) -> None:
    container = await start(SLEEP)
    assert await _first_line(container) == b"ready"
    state = await container.inspect()
    assert state and state.running


async def test_a_cancelled_reader_frees_its_thread(start: Start) -> None:
    container = await start(SLEEP)
    reading = asyncio.create_task(log_of(container))
    name = f"log {container.id[:12]}"
    await _until(lambda: name in _threads())
    reading.cancel()
    await _until(lambda: name not in _threads())


async def test_a_broken_connection_is_mended_without_holes_or_doubles(
    door: DockerContainers, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await start(
        "import time\nfor i in range(2000):\n    print(i, flush=True)\n    if i % 100 == 0: time.sleep(0.3)"
    )
    opened = door.connection.stream
    cut: list[str] = []

    def break_off(response: requests.Response) -> None:
        response.raw.shutdown()
        cut.append(response.url)

    def breaking(path: str, **params: str | int) -> requests.Response:
        response = opened(path, **params)
        if path.endswith("/logs") and len(cut) < 3:
            threading.Timer(0.2, break_off, [response]).start()
        return response

    monkeypatch.setattr(door.connection, "stream", breaking)
    assert [int(line.text) for line in await log_of(container)] == list(range(2000))
    assert len(cut) == 3


# Counters.


async def test_samples_grow(start: Start) -> None:
    container = await start("x = bytearray(64 << 20)\nwhile True: sum(range(1000))")
    samples = []
    async with aclosing(container.samples()) as counted:  # type: ignore[type-var]
        async for sample in counted:
            samples.append(sample)
            if len(samples) == 3:
                break
    first, _, last = samples
    assert last.cpu_nanos > first.cpu_nanos and last.at > first.at
    assert 64 * MIB < last.memory_bytes < 256 * MIB


async def test_the_engines_stream_tells_what_the_kernel_tells(door: DockerContainers, start: Start) -> None:
    if not door.engine.reads_cgroups:
        pytest.skip("this host does not see the containers' counters")
    container = await start("x = bytearray(64 << 20)\n" + SLEEP)
    await _first_line(container)
    async with aclosing(container._streamed()) as streamed:  # type: ignore[attr-defined]
        told = await anext(streamed)
    async with aclosing(container.samples()) as counted:  # type: ignore[type-var]
        read = await anext(counted)
    assert read.memory_bytes == pytest.approx(told.memory_bytes, rel=0.1)
    assert read.cpu_nanos == pytest.approx(told.cpu_nanos, rel=0.5)
    assert read.net_rx_bytes >= told.net_rx_bytes


@pytest.mark.parametrize("source", ["_streamed", "samples"])
async def test_samples_end_with_the_container(start: Start, source: str) -> None:
    container = await start(SLEEP)
    samples = getattr(container, source)()
    await anext(samples)
    await container.kill()
    async with asyncio.timeout(20):
        assert len([sample async for sample in samples]) < 10


async def test_what_was_written_is_measured(start: Start) -> None:
    container = await start(
        "import os\n"
        "open('/tmp/a', 'wb').write(os.urandom(50 << 20)); os.link('/tmp/a', '/tmp/b')\n"
        "open('/tmp/sparse', 'wb').truncate(1 << 28)\n"
        "os.sync()\n" + SLEEP
    )
    await _first_line(container)
    assert await container.disk_bytes() == pytest.approx(50 * MIB, rel=0.05)


async def test_the_web_server_is_reached(start: Start) -> None:
    container = await start(SERVE)
    assert await _answer(container, 4321) == 200
    await container.kill()
    await container.wait()
    assert await container.web_server_address(4321) is None


async def test_the_web_server_is_published_where_containers_are_not_reached(
    door: DockerContainers, script_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_engine", replace(door.engine, reaches_containers=False))
    container = await door.create(container_spec(script_image, SERVE))
    await container.start()
    address = await container.web_server_address(4321)
    assert address and address[0] == "127.0.0.1" and address[1] != 4321
    assert await _answer(container, 4321) == 200


async def test_names_are_known_inside(start: Start) -> None:
    container = await start(
        "import socket; print(socket.gethostbyname('host.example'))", hosts={"host.example": "10.1.2.3"}
    )
    assert await text_of(container) == "10.1.2.3"


# Builds.


async def test_an_image_stays_until_its_last_name_is_taken(door: DockerContainers, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nLABEL one={secrets.token_hex(6)}\n")
    names = [f"greenroom-test-{secrets.token_hex(4)}:{word}" for word in ("one", "two")]
    image = await door.build(build_spec(tmp_path, names[0]), lambda lines: None)
    await door.name_image(image, names[1])
    for name, is_left in zip(names, (True, False), strict=True):
        await door.remove_image(name)
        assert (await door.image(image.id) is not None) is is_left


# Help.


async def _first_line(container: object) -> bytes:
    async with aclosing(container.logs()) as batches:  # type: ignore[attr-defined]
        return (await anext(batches))[0].text  # type: ignore[no-any-return]


async def _after(secs: float, container: object) -> None:
    await asyncio.sleep(secs)
    await container.remove()  # type: ignore[attr-defined]


async def _answer(container: object, port: int) -> int:
    async with asyncio.timeout(60):
        while True:
            address = await container.web_server_address(port)  # type: ignore[attr-defined]
            assert address
            try:
                return await asyncio.to_thread(_get, f"http://{address[0]}:{address[1]}/")
            except OSError:
                await asyncio.sleep(0.1)


def _get(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return int(response.status)


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def _until(condition: object) -> None:
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.02)
