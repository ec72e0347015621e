from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import PermissionLevel, RunOptions
from tests.fakes.stage import Stage


async def test_a_run_without_options_gets_the_actors_defaults(stage: Stage) -> None:
    actor = await stage.create_actor(timeout_secs=77, memory_mbytes=2048, restart_on_error=True)
    assert (await stage.start(actor)).options == RunOptions(
        build="latest",
        timeout_secs=77,
        memory_mbytes=2048,
        disk_mbytes=4096,
        requested_mbytes=2048,
        restart_on_error=True,
    )


@pytest.mark.parametrize(
    ("requested", "field", "granted"),
    [
        ({"timeout_secs": 0}, "timeout_secs", 0),
        ({"memory_mbytes": 300}, "memory_mbytes", 512),
        ({"memory_mbytes": 300}, "disk_mbytes", 1024),
        ({"memory_mbytes": 300}, "requested_mbytes", 300),
        ({"max_items": 5}, "max_items", 5),
        ({"max_total_charge_usd": 0.5}, "max_total_charge_usd", 0.5),
        ({"restart_on_error": False}, "restart_on_error", False),
        ({"build": "0.0.1"}, "build", "0.0.1"),
    ],
)
async def test_a_requested_option_replaces_the_actors_default(
    stage: Stage, requested: dict[str, Any], field: str, granted: Any
) -> None:
    actor = await stage.create_actor(timeout_secs=77, memory_mbytes=2048, restart_on_error=True)
    assert getattr((await stage.start(actor, **requested)).options, field) == granted


async def test_the_requested_permission_level_replaces_the_actors(stage: Stage) -> None:
    assert (await stage.start(permission_level=PermissionLevel.FULL)).permission_level is PermissionLevel.FULL
    assert (await stage.start()).permission_level is PermissionLevel.LIMITED


@pytest.mark.parametrize("build", ["nightly", "0.0.99", "9.9.9"])
async def test_the_error_for_an_unknown_build_names_it_and_nothing_is_recorded(stage: Stage, build: str) -> None:
    actor = await stage.create_actor()
    with pytest.raises(Invalid, match=build) as error:
        await stage.start(actor, build=build)
    assert error.value.slug == "unknown-build-tag"
    assert "latest" in error.value.message
    assert stage.orchestrator.database.runs.all() == []
    assert stage.orchestrator.actors.get(actor.id).total_runs == 0
