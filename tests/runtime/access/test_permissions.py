from __future__ import annotations

from typing import Any

import pytest

from runtime.access import permissions
from runtime.access.permissions import Access
from runtime.base.errors import Forbidden, GreenroomError, Unauthorized
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Dataset, PermissionLevel, Run, StorageGrant, WebhookCondition
from runtime.inputs.inputs import Input
from tests.fakes.clock import START
from tests.fakes.records import a_run, an_actor
from tests.fakes.stage import Stage

LIMITED, FULL = PermissionLevel.LIMITED, PermissionLevel.FULL
RUN = a_run(grants=(StorageGrant(id="to-read"), StorageGrant(id="to-write", may_write=True)))
FULL_RUN = a_run(permission_level=FULL)
ENDED = a_run(status=JobStatus.SUCCEEDED)
ENDED_FULL = a_run(status=JobStatus.SUCCEEDED, permission_level=FULL)


def has_started(id: str) -> bool:
    return id == "child"


def storage(id: str = "other", **fields: Any) -> Dataset:
    times = dict.fromkeys(("created_at", "modified_at", "accessed_at"), START)
    return Dataset(**{"id": id, "user_id": "user1", **times, **fields})


STORAGES = {
    "own default dataset": (storage("dataset1"), Access.MANAGE),
    "own default store": (storage("store1"), Access.MANAGE),
    "own default queue": (storage("queue1"), Access.MANAGE),
    "made by itself": (storage(creator_run_id="run1"), Access.MANAGE),
    "made by itself, as another Actor": (storage(creator_run_id="run1", creator_actor_id="actor0"), Access.MANAGE),
    "made by a limited run of its Actor": (storage(creator_run_id="run0", creator_actor_id="actor1"), Access.MANAGE),
    "made by a full run of its Actor": (storage(creator_run_id="run0"), Access.NONE),
    "made by a run of another Actor": (storage(creator_run_id="run0", creator_actor_id="actor2"), Access.NONE),
    "passed to be read": (storage("to-read"), Access.READ),
    "passed to be written": (storage("to-write"), Access.WRITE),
    "made by a run that it started": (storage(creator_run_id="child", creator_actor_id="actor2"), Access.READ),
    "passed, and made by a run that it started": (storage("to-write", creator_run_id="child"), Access.WRITE),
    "the user's": (storage(name="precious"), Access.NONE),
    "default of a run that the user started": (storage(run_id="run0", creator_run_id="run0"), Access.NONE),
}


@pytest.mark.parametrize(("storage", "most"), STORAGES.values(), ids=STORAGES)
def test_a_storage_of_a_limited_run(storage: Dataset, most: Access) -> None:
    assert permissions.access(RUN, storage, has_started) is most
    for wanted in Access:
        if wanted <= most:
            permissions.check_storage(RUN, storage, wanted, has_started)
        else:
            with pytest.raises(Forbidden, match="FULL_PERMISSIONS"):
                permissions.check_storage(RUN, storage, wanted, has_started)


@pytest.mark.parametrize("by", [None, FULL_RUN])
def test_users_and_full_runs_may_do_all_with_any_storage(by: Run | None) -> None:
    for each, _ in STORAGES.values():
        permissions.check_storage(by, each, Access.MANAGE, has_started)


@pytest.mark.parametrize("by", [ENDED, ENDED_FULL])
def test_a_run_that_has_ended_reads_and_writes_its_default_storages_only(by: Run) -> None:
    for wanted in (Access.READ, Access.WRITE):
        permissions.check_storage(by, storage("dataset1"), wanted, has_started)
    for name, (each, _) in STORAGES.items():
        wanted = Access.MANAGE if name.startswith("own default") else Access.READ
        with pytest.raises(Unauthorized):
            permissions.check_storage(by, each, wanted, has_started)


@pytest.mark.parametrize(
    ("by", "level", "forced", "refused"),
    [
        (RUN, LIMITED, None, False),
        (RUN, LIMITED, LIMITED, False),
        (RUN, LIMITED, FULL, True),
        (RUN, FULL, None, True),
        (RUN, FULL, LIMITED, True),
        (FULL_RUN, FULL, None, False),
        (FULL_RUN, LIMITED, FULL, False),
        (None, FULL, None, False),
        (None, LIMITED, FULL, False),
    ],
)
def test_who_may_start_what(
    by: Run | None, level: PermissionLevel, forced: PermissionLevel | None, refused: bool
) -> None:
    assert refusal(permissions.check_start, by, an_actor(permission_level=level), forced) is (
        Forbidden if refused else None
    )


@pytest.mark.parametrize(
    ("by", "other", "itself"),
    [(None, None, None), (FULL_RUN, None, None), (RUN, Forbidden, None), (ENDED, Unauthorized, None)],
)
def test_what_a_limited_or_ended_run_does_it_does_to_itself(
    by: Run | None, other: type[GreenroomError] | None, itself: type[GreenroomError] | None
) -> None:
    assert refusal(permissions.check_itself, by, a_run(id="run2")) is other
    assert refusal(permissions.check_itself, by, a_run()) is itself


@pytest.mark.parametrize(
    ("by", "run", "shown"),
    [
        (None, a_run(id="run2"), True),
        (FULL_RUN, a_run(id="run2"), True),
        (RUN, a_run(), True),
        (RUN, a_run(id="run2"), True),
        (RUN, a_run(id="run2", permission_level=FULL), False),
        (RUN, a_run(id="run2", actor_id="actor2"), False),
        (RUN, a_run(id="child", actor_id="actor2"), True),
        (ENDED, a_run(), True),
        (ENDED, a_run(id="child"), False),
        (ENDED_FULL, a_run(id="run2"), False),
    ],
)
def test_which_runs_are_seen(by: Run | None, run: Run, shown: bool) -> None:
    assert permissions.may_see(by, run, has_started) is shown
    assert refusal(permissions.check_sight, by, run, has_started) is (None if shown else Forbidden)


@pytest.mark.parametrize(
    ("condition", "refused"),
    [
        (WebhookCondition(actor_run_id="run1"), False),
        (WebhookCondition(actor_run_id="run2"), True),
        (WebhookCondition(actor_id="actor1"), True),
        (WebhookCondition(actor_id="actor2", actor_run_id="run1"), True),
        (WebhookCondition(actor_task_id="task1", actor_run_id="run1"), True),
        (WebhookCondition(), True),
    ],
)
def test_a_limited_run_has_webhooks_on_itself_only(condition: WebhookCondition, refused: bool) -> None:
    assert refusal(permissions.check_webhook, RUN, condition) is (Forbidden if refused else None)
    assert refusal(permissions.check_webhook, FULL_RUN, condition) is None
    assert refusal(permissions.check_webhook, None, condition) is None


@pytest.mark.parametrize("by", [None, FULL_RUN])
def test_users_and_full_runs_are_not_limited(by: Run | None) -> None:
    permissions.check_unlimited(by)
    with pytest.raises(Forbidden) as problem:
        permissions.check_unlimited(RUN)
    assert problem.value.slug == "insufficient-permissions"
    assert "forcePermissionLevel" in problem.value.message and "actorPermissionLevel" in problem.value.message


def picker(kind: Any = "dataset", rights: Any = ("READ",), **more: Any) -> dict[str, Any]:
    return {"type": "string", "resourceType": kind, "resourcePermissions": list(rights), **more}


async def test_what_an_input_passes_to_a_run(stage: Stage) -> None:
    """By id, by name or with the user's name; what is not there, or of another kind, is not passed."""
    store = (await stage.orchestrator.key_value_stores.get_or_create(stage.user.id, "a-store"))[0]
    datasets = [(await stage.orchestrator.datasets.get_or_create(stage.user.id, f"data-{n}"))[0] for n in range(4)]
    actor = await stage.create_actor_with_schema(
        store=picker("keyValueStore", ["READ", "WRITE"]), data=picker(type="array"), wrong=picker("noSuchKind")
    )
    names = f'"{datasets[0].id}", "data-1", "~data-2", "local/data-3", "nobody", "{store.id}"'
    input = f'{{"store": "a-store", "data": [{names}], "wrong": "a-store"}}'.encode()
    run = await stage.start(actor, Input(body=input, content_type="application/json"))
    assert run.grants == (
        StorageGrant(id=store.id, may_write=True),
        *(StorageGrant(id=dataset.id) for dataset in datasets),
    )


async def test_nobody_is_passed_the_storage_of_another_user(stage: Stage) -> None:
    other = (await stage.orchestrator.datasets.get_or_create("somebody", "data"))[0]
    actor = await stage.create_actor_with_schema(data=picker(type="array"))
    input = f'{{"data": ["{other.id}", "data"]}}'.encode()
    assert (await stage.start(actor, Input(body=input, content_type="application/json"))).grants == ()


def refusal(check: Any, *given: Any) -> type[GreenroomError] | None:
    try:
        check(*given)
    except GreenroomError as problem:
        return type(problem)
    return None
