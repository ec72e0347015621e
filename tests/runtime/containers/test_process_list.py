"""Which processes disappeared when the kernel's count of kills rose."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.base.records import Witness
from runtime.containers.process_list import MAX_PROCESSES, ProcessList

INIT = 10


@pytest.fixture
def processes(tmp_path: Path) -> ProcessList:
    names = {INIT: "docker-init", 11: "node", 12: "chrome", 13: "chrome"}
    for pid, name in names.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "comm").write_text(f"{name}\n")
    return ProcessList(tmp_path)


def killed(processes: ProcessList) -> list[tuple[int, str]]:
    assert all(each.witness is Witness.PROCESS_LIST and each.memory_bytes is None for each in processes.killed)
    return [(each.pid, each.name) for each in processes.killed]


def test_the_process_that_disappeared_with_a_kill_was_killed(processes: ProcessList) -> None:
    processes.update([INIT, 11, 12], 0, INIT)
    processes.update([INIT, 11], 0, INIT)  # it ended by itself
    processes.update([INIT, 11, 13], 0, INIT)
    processes.update([INIT, 11], 1, INIT)
    assert killed(processes) == [(13, "chrome")]


def test_a_killed_process_may_end_a_moment_after_the_count(processes: ProcessList) -> None:
    processes.update([INIT, 11, 12], 0, INIT)
    processes.update([INIT, 11, 12], 1, INIT)
    processes.update([INIT, 11], 1, INIT)
    processes.update([INIT], 1, INIT)  # it ended by itself
    assert killed(processes) == [(12, "chrome")]


def test_the_end_of_the_first_process_ends_all_others(processes: ProcessList) -> None:
    processes.update([INIT, 11], 0, INIT)
    processes.update([], 1, INIT)
    assert killed(processes) == [(11, "node")]


def test_a_container_without_an_init_process_has_one_candidate(processes: ProcessList) -> None:
    processes.update([11], 0, 11)
    processes.update([], 1, 11)
    assert killed(processes) == [(11, "node")]


@pytest.mark.parametrize("kills", [1, 3])
def test_nothing_is_named_if_more_or_fewer_processes_disappeared(processes: ProcessList, kills: int) -> None:
    processes.update([INIT, 11, 12, 13], 0, INIT)
    processes.update([INIT, 11], kills, INIT)
    assert killed(processes) == []


def test_very_many_processes_are_not_observed(processes: ProcessList) -> None:
    pids = [11, 12, *range(100, 100 + MAX_PROCESSES)]
    processes.update(pids, 0, None)
    processes.update(pids[1:], 1, None)
    assert killed(processes) == []


def test_names_of_known_processes_are_read_again_only_on_request(processes: ProcessList, tmp_path: Path) -> None:
    processes.update([INIT, 11, 12], 0, INIT)
    (tmp_path / "11/comm").write_text("worker\n")
    (tmp_path / "12/comm").write_text("renderer\n")
    processes.update([INIT, 11, 12], 0, INIT, rereads_names=False)
    processes.update([INIT, 12], 1, INIT)
    processes.update([INIT], 2, INIT)
    assert killed(processes) == [(11, "node"), (12, "renderer")]
