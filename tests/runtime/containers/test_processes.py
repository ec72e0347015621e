"""The processes of a container by the name of their program, from a scripted /proc."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers import ProcessUse, processes
from runtime.containers.processes import NANOS_PER_TICK, PAGE_BYTES, ContainerProcesses


def create(proc: Path, pid: int, program: str, *, name: str = "MainThread", ticks: int = 0, pages: int = 0) -> None:
    """Create a process. Half of its CPU time is the kernel's, and 10 more pages are shared with files."""
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "exe").unlink(missing_ok=True)
    (folder / "exe").symlink_to(program)
    before_times = " ".join(["S", *"0" * 10])
    times = f"{ticks - ticks // 2} {ticks // 2} 0 0 20 0 1 0 {1000 + pid}"
    (folder / "stat").write_text(f"{pid} ({name}) {before_times} {times} 0 0\n")
    (folder / "statm").write_text(f"9999 {pages + 10} 10 0 0 0 0\n")


def use(pages: int, ticks: int) -> ProcessUse:
    return ProcessUse(pages * PAGE_BYTES, ticks * NANOS_PER_TICK)


def test_processes_are_added_up_by_their_program(tmp_path: Path) -> None:
    create(tmp_path, 1, "/sbin/docker-init", ticks=1, pages=1)
    create(tmp_path, 2, "/usr/local/bin/node", ticks=30, pages=5)
    create(tmp_path, 3, "/opt/chrome", name="a) (b", ticks=10, pages=7)
    create(tmp_path, 4, "/opt/chrome", ticks=1, pages=1)
    create(tmp_path, 5, "/usr/bin/python3.13", ticks=2, pages=2)
    count, uses = ContainerProcesses(tmp_path).read([1, 2, 3, 4, 5])
    assert count == 4
    assert uses == {"node": use(5, 30), "chrome": use(8, 11), "python": use(2, 2)}


def test_the_cpu_time_of_ended_processes_remains(tmp_path: Path) -> None:
    container = ContainerProcesses(tmp_path)
    create(tmp_path, 2, "/bin/node", ticks=30, pages=5)
    create(tmp_path, 3, "/bin/chrome", ticks=10, pages=7)
    container.read([2, 3])
    create(tmp_path, 2, "/bin/node", ticks=31, pages=6)
    assert container.read([2])[1] == {"node": use(6, 31), "chrome": use(0, 10)}
    create(tmp_path, 3, "/bin/chrome", ticks=4, pages=1)  # another process with the same id
    assert container.read([2, 3])[1]["chrome"] == use(1, 14)


def test_a_process_that_starts_another_program_gets_its_name(tmp_path: Path) -> None:
    container = ContainerProcesses(tmp_path)
    create(tmp_path, 2, "/bin/sh", name="sh", ticks=1)
    container.read([2])
    create(tmp_path, 2, "/bin/node", name="node", ticks=5, pages=3)
    assert container.read([2])[1] == {"sh": use(0, 1), "node": use(3, 4)}


def test_a_program_that_is_not_visible_is_named_by_its_process(tmp_path: Path) -> None:
    create(tmp_path, 2, "/bin/x", name="crawler\n\x1b[31m")
    (tmp_path / "2" / "exe").unlink()
    assert list(ContainerProcesses(tmp_path).read([2])[1]) == ["crawler31m"]


def test_names_and_processes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MAX_NAMES", 1)
    monkeypatch.setattr(processes, "MAX_READ", 3)
    for pid in (1, 2, 3):
        create(tmp_path, pid, f"/bin/{'abc'[pid - 1]}", pages=1)
    container = ContainerProcesses(tmp_path)
    assert container.read([1, 2, 3])[1] == {"a": use(1, 0), "other": use(2, 0)}
    assert container.read([1, 2, 3, 4]) == (4, {})
