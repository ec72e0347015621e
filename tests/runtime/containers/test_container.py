"""The life of a container, its counters and its web server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from runtime.containers import Container
from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import (
    MIB,
    SERVE,
    SLEEP,
    Start,
    container_spec,
    fetch_status,
    first_line,
    log_of,
    text_of,
)

pytestmark = pytest.mark.docker


async def remove_after(secs: float, container: Container) -> None:
    await asyncio.sleep(secs)
    await container.remove()


async def test_the_state_has_the_exit_code_and_the_times(start: Start) -> None:
    container = await start("raise SystemExit(3)")
    state = await container.wait()
    assert state and state.exit_code == 3 and not state.running and not state.oom_killed
    assert state.started_at and state.finished_at and state.started_at <= state.finished_at


async def test_many_waiters_are_woken_by_events(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    container = await start(SLEEP)
    waiters = [asyncio.create_task(container.wait()) for _ in range(5)]
    await asyncio.sleep(0.2)
    await container.kill()
    async with asyncio.timeout(20):  # well below events.RECHECK_SECS
        assert {state.exit_code for state in await asyncio.gather(*waiters) if state} == {137}


async def test_sigterm_reaches_the_actor_behind_the_init(start: Start) -> None:
    container = await start(SLEEP)
    await first_line(container)
    await container.stop(60)
    state = await container.inspect()
    assert state and state.exit_code == 143


async def test_an_actor_that_ignores_sigterm_is_killed_after_the_grace_period(start: Start) -> None:
    container = await start("import signal; signal.signal(15, lambda *_: print('received'))\n" + SLEEP + "\n" + SLEEP)
    await first_line(container)
    await container.stop(1)
    state = await container.inspect()
    assert state and state.exit_code == 137 and not state.oom_killed
    assert "received" in await text_of(container)


async def test_a_removed_container_counts_as_ended(start: Start) -> None:
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
    assert await container.address_of(4321) is None
    assert await log_of(container) == []
    assert [sample async for sample in container.samples()] == []


async def test_removal_ends_waiting_logs_and_samples(start: Start) -> None:
    container = await start(SLEEP)
    await first_line(container)

    async def drain() -> int:
        return len([sample async for sample in container.samples()])

    async with asyncio.timeout(25):
        wait, log, samples, _ = await asyncio.gather(
            container.wait(), log_of(container), drain(), remove_after(0.5, container)
        )
    assert wait is None or not wait.running
    assert [line.text for line in log] == [b"ready"] and samples >= 1


async def test_samples_grow(start: Start) -> None:
    container = await start("x = bytearray(64 << 20)\nwhile True: sum(range(1000))")
    samples = []
    async with aclosing(container.samples()) as counted:
        async for sample in counted:
            samples.append(sample)
            if len(samples) == 3:
                break
    first, _, last = samples
    assert last.cpu_nanos > first.cpu_nanos and last.at > first.at
    assert 64 * MIB < last.memory_bytes < 256 * MIB


async def test_the_engines_stream_agrees_with_the_kernel(
    door: DockerContainers, remote_door: DockerContainers, start: Start
) -> None:
    if not door.engine.reads_cgroups:
        pytest.skip("this host does not see the counters of containers")
    container = await start("x = bytearray(64 << 20)\n" + SLEEP)
    await first_line(container)
    [seen_remotely] = await remote_door.list()
    async with aclosing(seen_remotely.samples()) as streamed:
        from_engine = await anext(streamed)
    async with aclosing(container.samples()) as counted:
        await anext(counted)  # it may have been read before the allocation
        from_kernel = await anext(counted)
    assert from_kernel.memory_bytes == pytest.approx(from_engine.memory_bytes, rel=0.1)
    assert from_kernel.cpu_nanos == pytest.approx(from_engine.cpu_nanos, rel=0.5)
    assert from_kernel.net_rx_bytes is not None and from_engine.net_rx_bytes is not None
    assert from_kernel.net_rx_bytes >= from_engine.net_rx_bytes


@pytest.mark.parametrize("is_remote", [True, False])
async def test_samples_end_with_the_container(start: Start, remote_door: DockerContainers, is_remote: bool) -> None:
    container = await start(SLEEP)
    if is_remote:
        [container] = await remote_door.list()
    samples = container.samples()
    await anext(samples)
    await container.kill()
    async with asyncio.timeout(20):
        assert len([sample async for sample in samples]) < 10


REMOVED = {
    "open": "files = [removed(name, 25) for name in 'ab']",
    "mapped": "import mmap\nfor name in 'ab':\n    with removed(name, 25) as f: mapped = globals().get('mapped', []) + "
    "[mmap.mmap(f.fileno(), 0, trackfd=False)]",
    "mapped, with names that look like two lines": "import mmap\nmapped = []\nfor name in ('a\\u2028b', 'a\\rb'):\n"
    "    with removed(name, 25) as f: mapped.append(mmap.mmap(f.fileno(), 0, trackfd=False))",
    "without a name": "files = [filled(open(os.open('/tmp', os.O_TMPFILE | os.O_RDWR), 'wb'), 50)]",
    "in a child process": "files = [removed('a', 50)]\nif os.fork() == 0: time.sleep(600)\nfiles[0].close()",
}
HELPERS = """
import os, time
def filled(f, mbytes):
    f.write(os.urandom(mbytes << 20)); f.flush()
    return f
def removed(name, mbytes):
    f = filled(open('/tmp/' + name, 'w+b'), mbytes); os.unlink('/tmp/' + name)
    return f
memory = [filled(open(os.memfd_create('x'), 'wb'), 20), filled(open('/dev/shm/x', 'wb'), 20)]; os.unlink('/dev/shm/x')
"""


@pytest.mark.parametrize("script", [pytest.param(script, id=name) for name, script in REMOVED.items()])
async def test_removed_files_that_are_still_used_are_measured(
    door: DockerContainers, start: Start, script: str
) -> None:
    if not door.engine.reads_cgroups:
        pytest.skip("this host does not see the processes of containers")
    container = await start(f"{HELPERS}\n{script}\nos.sync()\n{SLEEP}")
    assert await first_line(container) == b"ready", await text_of(container)
    assert await container.disk_bytes() == pytest.approx(50 * MIB, rel=0.05)


async def test_the_written_bytes_are_measured(start: Start) -> None:
    container = await start(
        "import os\n"
        "open('/tmp/a', 'wb').write(os.urandom(50 << 20)); os.link('/tmp/a', '/tmp/b')\n"
        "open('/tmp/sparse', 'wb').truncate(1 << 28)\n"
        "os.sync()\n" + SLEEP
    )
    await first_line(container)
    assert await container.disk_bytes() == pytest.approx(50 * MIB, rel=0.05)


async def test_the_web_server_is_reachable(start: Start) -> None:
    container = await start(SERVE)
    assert await fetch_status(container, 4321) == 200
    await container.kill()
    await container.wait()
    assert await container.address_of(4321) is None


async def test_the_web_server_is_published_if_containers_are_not_reachable(
    remote_door: DockerContainers, script_image: str
) -> None:
    container = await remote_door.create(container_spec(script_image, SERVE))
    await container.start()
    address = await container.address_of(4321)
    assert address and address[0] == "127.0.0.1" and address[1] != 4321
    assert await fetch_status(container, 4321) == 200
