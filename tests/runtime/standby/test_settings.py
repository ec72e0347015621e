from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import Task
from runtime.base.standby_labels import standby_label
from runtime.standby.pool import RequestRate
from runtime.standby.settings import settings_of
from tests.fakes.records import a_user, an_actor


def a_task(**settings: Any) -> Task:
    extra = {"actorStandby": settings}
    return Task(id="TaskId", user_id="u", actor_id="a", name="task", created_at=0, modified_at=0, extra=extra)


def test_a_task_changes_the_settings_of_its_actor_unless_the_actor_forbids_it() -> None:
    own = {"isEnabled": True, "idleTimeoutSecs": 60, "memoryMbytes": None}
    actor, task = an_actor(extra={"actorStandby": own}), a_task(idleTimeoutSecs=30, maxRequestsPerActorRun=2)
    of_actor, of_task = settings_of(actor), settings_of(actor, task)
    assert (of_actor.idle_timeout_secs, of_actor.memory_mbytes, of_actor.max_requests) == (60, 1024, 4)
    assert (of_task.idle_timeout_secs, of_task.max_requests, of_task.desired_requests) == (30, 2, 2)
    fixed = an_actor(extra={"actorStandby": {**own, "disableStandbyFieldsOverride": True}})
    assert settings_of(fixed, task) == of_actor


@pytest.mark.parametrize(
    ("of_actor", "of_task", "is_enabled"),
    [(True, None, True), (True, True, True), (True, False, False), (False, True, False), (None, True, False)],
)
def test_a_task_can_only_disable_standby(of_actor: bool | None, of_task: bool | None, is_enabled: bool) -> None:
    actor = an_actor(extra={"actorStandby": {"isEnabled": of_actor}})
    assert settings_of(actor, a_task(isEnabled=of_task)).is_enabled is is_enabled


@pytest.mark.parametrize(
    ("username", "name", "label"),
    [
        ("jane35", "My-Actor", "jane35--my-actor"),
        ("sameh.jarour_", "x-y", "sameh-jarour--x-y"),
        ("a" * 30, "b" * 40, "actorid"),
    ],
)
def test_labels(username: str, name: str, label: str) -> None:
    assert standby_label(a_user(username=username), an_actor(id="ActorId", name=name)) == label


def test_the_rate_of_requests_is_the_mean_of_ten_seconds() -> None:
    rate = RequestRate()
    for millis in (0, 500, 900, 4_000):
        rate.count(millis)
    assert (rate.per_second(9_000), rate.per_second(10_000), rate.per_second(14_000)) == (0.4, 0.1, 0.0)
    assert rate.total == 4


def test_the_history_of_requests_has_the_last_complete_minute() -> None:
    rate = RequestRate()
    for millis in (0, 500, 58_000, 60_900):
        rate.count(millis)
    assert rate.history(60_900) == (2, *[0] * 57, 1, 0)
    assert rate.history(61_000) == (*[0] * 57, 1, 0, 1)
    assert (rate.has_history(120_000), rate.has_history(121_000)) == (True, False)
