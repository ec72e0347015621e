from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers import cgroups

ID = "4f2c" * 16
NET_DEV = """Inter-| Receive | Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:     900 9 0 0 0 0 0 0      900 9 0 0 0 0 0 0
  eth0:    1000 10 0 0 0 0 0 0    2000 20 0 0 0 0 0 0
  eth1:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0
"""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def host(tmp_path: Path) -> tuple[Path, Path]:
    proc, root = tmp_path / "proc", tmp_path / "cgroup"
    _write(proc / "42/net/dev", NET_DEV)
    return proc, root


def test_counters_of_cgroup_v1(host: tuple[Path, Path]) -> None:
    proc, root = host
    _write(proc / "42/cgroup", f"9:memory:/docker/{ID}\n4:cpu,cpuacct:/docker/{ID}\n1:name=systemd:/x\n0::/x\n")
    _write(root / f"memory/docker/{ID}/memory.usage_in_bytes", "5000\n")
    _write(root / f"memory/docker/{ID}/memory.stat", "cache 9\ninactive_file 1\ntotal_inactive_file 1500\n")
    _write(root / f"cpuacct/docker/{ID}/cpuacct.usage", "123456789\n")
    cgroup = cgroups.find(42, ID, proc, root)
    assert cgroup and cgroup.version == 1
    sample = cgroup.sample()
    assert (sample.memory_bytes, sample.cpu_nanos) == (3500, 123456789)
    assert (sample.net_rx_bytes, sample.net_tx_bytes) == (1005, 2007)
    assert cgroups.are_visible(root)


def test_counters_of_cgroup_v2(host: tuple[Path, Path]) -> None:
    proc, root = host
    scope = root / f"system.slice/docker-{ID}.scope"
    _write(proc / "42/cgroup", f"0::/system.slice/docker-{ID}.scope\n")
    _write(root / "cgroup.controllers", "cpu memory\n")
    _write(scope / "memory.current", "5000\n")
    _write(scope / "memory.stat", "anon 1\ninactive_file 1500\n")
    _write(scope / "cpu.stat", "usage_usec 1234\nuser_usec 1\n")
    cgroup = cgroups.find(42, ID, proc, root)
    assert cgroup and cgroup.version == 2
    assert (cgroup.sample().memory_bytes, cgroup.sample().cpu_nanos) == (3500, 1_234_000)
    assert cgroups.are_visible(root)
    (scope / "memory.current").unlink()
    with pytest.raises(OSError):
        cgroup.sample()


def test_a_process_of_another_container_is_not_counted(host: tuple[Path, Path]) -> None:
    proc, root = host
    _write(proc / "42/cgroup", "0::/user.slice\n")
    _write(root / "user.slice/memory.current", "1\n")
    assert cgroups.find(42, ID, proc, root) is None
    assert cgroups.find(43, ID, proc, root) is None
    assert not cgroups.are_visible(root)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        cgroups.read_value("a 1\n", "b")
