from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers import cgroups
from runtime.containers.cgroups import Counters, Throttling

ID = "4f2c" * 16
NET_DEV = """Inter-| Receive | Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:     900 9 0 0 0 0 0 0      900 9 0 0 0 0 0 0
  eth0:    1000 10 0 0 0 0 0 0    2000 20 0 0 0 0 0 0
  eth1:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0
"""
COUNTERS = Counters(usage_bytes=5000, cache_bytes=1500, peak_bytes=9000, oom_kills=2, cpu_nanos=123_456_000)


def write(folder: Path, **texts: str) -> None:
    """Write files whose names have two underscores in place of the dot. A reader never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / "new").write_text(text)
        (folder / "new").rename(folder / name.replace("__", "."))


def create_v1(root: Path, place: str) -> None:
    write(
        root / "memory" / place,
        memory__usage_in_bytes="5000\n",
        memory__max_usage_in_bytes="9000\n",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        memory__stat="cache 9\ninactive_file 1\ntotal_inactive_file 1500\n",
        cgroup__procs="42\n",
    )
    write(root / "cpuacct" / place, cpuacct__usage="123456000\n")


def create_v2(root: Path, place: str) -> None:
    write(root, cgroup__controllers="cpu memory\n")
    write(
        root / place,
        memory__current="5000\n",
        memory__peak="9000\n",
        memory__events="low 0\noom 1\noom_kill 2\n",
        memory__stat="anon 1\ninactive_file 1500\n",
        cpu__stat="usage_usec 123456\nuser_usec 1\n",
        cgroup__procs="42\n",
    )


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return tmp_path / "proc"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


@pytest.mark.parametrize("place", [f"docker/{ID}", f"system.slice/docker-{ID}.scope"])
def test_the_counters_of_a_container_are_located_by_its_id(root: Path, place: str) -> None:
    assert cgroups.locate(ID, root) is None
    create_v2(root, place)
    assert (found := cgroups.locate(ID, root)) and found.version == 2 and found.read() == COUNTERS
    create_v1(root, place)
    assert (found := cgroups.locate(ID, root)) and found.version == 1 and found.read() == COUNTERS
    assert cgroups.are_visible(root)


def test_the_counters_of_a_container_elsewhere_are_found_by_its_process(proc: Path, root: Path) -> None:
    create_v1(root, f"own/{ID}")
    write(proc / "42", cgroup=f"9:memory:/own/{ID}\n4:cpu,cpuacct:/own/{ID}\n1:name=systemd:/x\n0::/x\n")
    found = cgroups.find(42, ID, proc, root)
    assert found and found.version == 1 and found.read() == COUNTERS
    create_v2(root, f"own/{ID}.scope")
    write(proc / "43", cgroup=f"0::/own/{ID}.scope\n")
    found = cgroups.find(43, ID, proc, root)
    assert found and found.version == 2 and found.read() == COUNTERS


def test_a_process_of_another_container_is_not_counted(proc: Path, root: Path) -> None:
    write(proc / "42", cgroup="0::/user.slice\n")
    write(root / "user.slice", memory__current="1\n")
    assert cgroups.find(42, ID, proc, root) is None
    assert cgroups.find(43, ID, proc, root) is None
    assert not cgroups.are_visible(root)


def test_throttling_threads_and_parts_of_the_memory_are_read_from_both_versions(root: Path) -> None:
    create_v1(root, "c")
    write(root / "memory/c", memory__kmem__usage_in_bytes="700\n")
    write(root / "cpu/c", cpu__stat="nr_periods 50\nnr_throttled 40\nthrottled_time 4000000000\n")
    write(root / "pids/c", pids__current="7\n")
    create_v2(root, "d")
    write(root / "d", cpu__stat="usage_usec 1\nnr_periods 50\nnr_throttled 40\nthrottled_usec 4000000\n")
    write(root / "d", memory__stat="anon 1\nkernel 700\n", pids__current="7\n")
    places = dict.fromkeys(("memory", "cpuacct", "cpu", "pids"), "c")
    for cgroup in (cgroups.v1(root, places), cgroups.v2(root / "d")):
        assert cgroup.read_throttling() == Throttling(50, 40, 4_000_000_000)
        assert cgroup.count_threads() == 7
        assert cgroup.kernel_bytes(cgroup.read_memory()) == 700


def test_what_the_kernel_does_not_count_is_unknown(root: Path) -> None:
    create_v1(root, "c")
    create_v2(root, "d")
    for cgroup in (cgroups.v1(root, {"memory": "c", "cpuacct": "c"}), cgroups.v2(root / "d")):
        assert cgroup.read_throttling() is None
        assert cgroup.count_threads() is None
        assert cgroup.kernel_bytes(cgroup.read_memory()) is None


def test_a_kernel_without_counts_of_peaks_and_kills_has_none(root: Path) -> None:
    create_v2(root, ID)
    (root / ID / "memory.peak").unlink()
    write(root / ID, memory__events="low 0\n")
    counters = cgroups.v2(root / ID).read()
    assert (counters.peak_bytes, counters.oom_kills, counters.usage_bytes) == (None, None, 5000)


@pytest.mark.parametrize("create", [create_v1, create_v2])
def test_counters_that_have_vanished_are_an_error(root: Path, create: object) -> None:
    (create_v1 if create is create_v1 else create_v2)(root, f"docker/{ID}")
    found = cgroups.locate(ID, root)
    assert found
    for file in Path(found.memory).iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError):
        found.read()


def test_the_first_process_is_the_one_that_the_container_numbers_1(proc: Path, root: Path) -> None:
    create_v1(root, f"docker/{ID}")
    found = cgroups.locate(ID, root)
    assert found
    write(root / f"memory/docker/{ID}", cgroup__procs="40\n41\n42\n43\n")
    write(proc / "41", status="Name:\tsh\nNSpid:\t1\n")  # not in a PID namespace of its own
    write(proc / "42", status="Name:\tpython\nNSpid:\t42\t17\n")
    assert cgroups.first_process(found, proc) is None
    for split in ("\r", "\x0b", "\x1c", "\u2028"):  # a process may give itself any name of 15 bytes
        write(proc / "42", status=f"Name:\ta{split}NSpid: 1 1\nNSpid:\t42\t17\n")
        assert cgroups.first_process(found, proc) is None
    write(proc / "43", status="Name:\tdocker-init\nNSpid:\t43\t1\n", comm="docker-init\n")
    assert cgroups.first_process(found, proc) == 43
    assert not cgroups.is_prepared(43, proc)
    write(proc / "43", comm="runc:[2:INIT]\n")
    assert cgroups.is_prepared(43, proc)


def test_traffic_does_not_include_the_loopback() -> None:
    assert cgroups.parse_traffic(NET_DEV) == (1005, 2007)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        cgroups.read_value("a 1\n", "b")


def test_an_open_file_shows_its_current_text(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("1\n")
    files = cgroups.OpenFiles()
    assert files.read(f"{tmp_path}/counter") == "1\n"
    (tmp_path / "counter").write_text("22\n")
    assert files.read(f"{tmp_path}/counter") == "22\n"
    files.close()
    with pytest.raises(FileNotFoundError):
        files.read(f"{tmp_path}/other")


def test_a_value_is_found_by_its_whole_key() -> None:
    text = "oom 1\noom_kill 2\noom_kill_group 3"
    assert [cgroups.find_value(text, key) for key in ("oom", "oom_kill", "oom_kill_group", "kill")] == [1, 2, 3, None]
