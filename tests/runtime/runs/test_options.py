from __future__ import annotations

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import RunDefaults, TaskOptions
from runtime.runs.options import StartOptions, changed_options, granted_options, with_task_options
from tests.fakes.records import an_actor, options

ACTOR = an_actor(defaults=RunDefaults(build="beta", timeout_secs=77, memory_mbytes=2048, restart_on_error=True))


def test_a_run_without_options_gets_the_actors_defaults() -> None:
    assert granted_options(ACTOR, 2048, StartOptions(), strict_memory=True) == options(
        build="beta",
        timeout_secs=77,
        memory_mbytes=2048,
        disk_mbytes=4096,
        requested_mbytes=2048,
        restart_on_error=True,
    )


def test_requested_options_override_the_earlier_ones() -> None:
    earlier = options(max_items=5, max_total_charge_usd=1.5)
    requested = StartOptions(timeout_secs=0, memory_mbytes=300, max_items=7, restart_on_error=False)
    granted = changed_options(earlier, requested, strict_memory=False)
    assert (granted.timeout_secs, granted.memory_mbytes, granted.disk_mbytes) == (0, 512, 1024)
    assert granted.requested_mbytes == 300
    assert (granted.max_items, granted.max_total_charge_usd, granted.build) == (7, 1.5, earlier.build)


def test_strict_memory_rejects_a_size_that_is_not_a_power_of_two() -> None:
    with pytest.raises(Invalid):
        granted_options(ACTOR, 2048, StartOptions(memory_mbytes=300), strict_memory=True)


def test_a_run_without_options_gets_the_tasks_options() -> None:
    task = TaskOptions(build="old", memory_mbytes=512, max_items=5, restart_on_error=False)
    requested = StartOptions(memory_mbytes=1024, timeout_secs=9)
    assert with_task_options(task, requested) == StartOptions(
        build="old", memory_mbytes=1024, timeout_secs=9, max_items=5, restart_on_error=False
    )
