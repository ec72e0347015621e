"""Kills in the kernel's log, as Linux 6 writes them."""

from __future__ import annotations

from pathlib import Path

from runtime.base.records import KilledProcess, Witness
from runtime.containers.kernel_log import killed_processes, parse_kills

RECORDS = [
    "4,150776,52658980737,-;python invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
    "6,150856,52658981033,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=aa11,mems_allowed=0,"
    "oom_memcg=/docker/aa11,task_memcg=/docker/aa11,task=node MainThread,pid=30131,uid=0",
    "3,150857,52658981052,-;Memory cgroup out of memory: Killed process 30131 (node MainThread) total-vm:219320kB, "
    "anon-rss:64512kB, file-rss:5480kB, shmem-rss:0kB, UID:0 pgtables:188kB oom_score_adj:0",
    "6,150858,52658981060,-;oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/system.slice/docker-bb22.scope,task=sh,"
    "pid=7,uid=0",
]


def test_a_kill_is_found_by_the_id_of_its_container() -> None:
    node = KilledProcess(pid=30131, name="node MainThread", witness=Witness.KERNEL_LOG, memory_bytes=64512 * 1024)
    assert parse_kills(RECORDS, "aa11") == (node,)
    assert parse_kills(RECORDS, "bb22") == (KilledProcess(pid=7, name="sh", witness=Witness.KERNEL_LOG),)
    assert parse_kills(RECORDS, "cc33") == ()


def test_a_log_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    assert killed_processes("aa11", tmp_path / "kmsg") == ()
    file = tmp_path / "file"
    file.write_text(RECORDS[1])
    assert [each.name for each in killed_processes("aa11", file)] == ["node MainThread"]
