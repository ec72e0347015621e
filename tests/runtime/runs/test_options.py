from __future__ import annotations

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import RunDefaults, TaskOptions
from runtime.runs.options import StartOptions, granted_options, granted_over, over_task
from tests.fakes.records import an_actor, options

ACTOR = an_actor(defaults=RunDefaults(build="beta", timeout_secs=77, memory_mbytes=2048, restart_on_error=True))


def test_an_actors_defaults_hold_where_nothing_is_asked_for() -> None:
    assert granted_options(ACTOR, 2048, StartOptions(), strict_memory=True) == options(
        build="beta",
        timeout_secs=77,
        memory_mbytes=2048,
        disk_mbytes=4096,
        requested_mbytes=2048,
        restart_on_error=True,
    )


def test_what_is_asked_for_goes_over_what_there_was() -> None:
    had = options(max_items=5, max_total_charge_usd=1.5)
    asked = StartOptions(timeout_secs=0, memory_mbytes=300, max_items=7, restart_on_error=False)
    got = granted_over(had, asked, strict_memory=False)
    assert (got.timeout_secs, got.memory_mbytes, got.disk_mbytes, got.requested_mbytes) == (0, 512, 1024, 300)
    assert (got.max_items, got.max_total_charge_usd, got.build) == (7, 1.5, had.build)


def test_memory_that_is_no_power_of_two_may_be_refused() -> None:
    with pytest.raises(Invalid):
        granted_options(ACTOR, 2048, StartOptions(memory_mbytes=300), strict_memory=True)


def test_a_tasks_options_hold_where_nothing_is_asked_for() -> None:
    task = TaskOptions(build="old", memory_mbytes=512, max_items=5, restart_on_error=False)
    asked = StartOptions(memory_mbytes=1024, timeout_secs=9)
    assert over_task(task, asked) == StartOptions(
        build="old", memory_mbytes=1024, timeout_secs=9, max_items=5, restart_on_error=False
    )
