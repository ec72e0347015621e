from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from runtime.access import permissions
from runtime.access.permissions import RUN_TOKEN_GRACE_MILLIS, StorageAccess
from runtime.base.errors import Forbidden, GreenroomError, Unauthorized
from runtime.base.general_access import GeneralAccess
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
    "own default dataset": (storage("dataset1"), StorageAccess.MANAGE),
    "own default store": (storage("store1"), StorageAccess.MANAGE),
    "own default queue": (storage("queue1"), StorageAccess.MANAGE),
    "created by itself": (storage(creator_run_id="run1"), StorageAccess.MANAGE),
    "created by itself, before a metamorph": (
        storage(creator_run_id="run1", creator_actor_id="actor0"),
        StorageAccess.MANAGE,
    ),
    "created by a limited run of its Actor": (
        storage(creator_run_id="run0", creator_actor_id="actor1"),
        StorageAccess.MANAGE,
    ),
    "created by a full run of its Actor": (storage(creator_run_id="run0"), StorageAccess.NONE),
    "created by a run of another Actor": (
        storage(creator_run_id="run0", creator_actor_id="actor2"),
        StorageAccess.NONE,
    ),
    "passed to be read": (storage("to-read"), StorageAccess.READ),
    "passed to be written": (storage("to-write"), StorageAccess.WRITE),
    "created by a run that it started": (
        storage(creator_run_id="child", creator_actor_id="actor2"),
        StorageAccess.READ,
    ),
    "passed, and created by a run that it started": (storage("to-write", creator_run_id="child"), StorageAccess.WRITE),
    "the user's": (storage(name="precious"), StorageAccess.NONE),
    "default of a run that the user started": (storage(run_id="run0", creator_run_id="run0"), StorageAccess.NONE),
}


@pytest.mark.parametrize(("storage", "highest"), STORAGES.values(), ids=STORAGES)
def test_the_access_of_a_limited_run_to_a_storage(storage: Dataset, highest: StorageAccess) -> None:
    assert permissions.storage_access(RUN, storage, has_started) is highest
    for needed in StorageAccess:
        if needed <= highest:
            permissions.check_storage_access(RUN, storage, needed, has_started)
        else:
            with pytest.raises(Forbidden, match="FULL_PERMISSIONS"):
                permissions.check_storage_access(RUN, storage, needed, has_started)


@pytest.mark.parametrize("by", [None, FULL_RUN])
def test_users_and_runs_with_full_permissions_manage_any_storage(by: Run | None) -> None:
    for each, _ in STORAGES.values():
        permissions.check_storage_access(by, each, StorageAccess.MANAGE, has_started)


@pytest.mark.parametrize("by", [ENDED, ENDED_FULL])
def test_a_run_that_has_ended_only_reads_and_writes_its_default_storages(by: Run) -> None:
    for needed in (StorageAccess.READ, StorageAccess.WRITE):
        permissions.check_storage_access(by, storage("dataset1"), needed, has_started)
    for name, (each, _) in STORAGES.items():
        needed = StorageAccess.MANAGE if name.startswith("own default") else StorageAccess.READ
        with pytest.raises(Unauthorized):
            permissions.check_storage_access(by, each, needed, has_started)


@pytest.mark.parametrize(
    ("by", "level", "forced", "is_rejected"),
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
def test_who_may_start_which_actor(
    by: Run | None, level: PermissionLevel, forced: PermissionLevel | None, is_rejected: bool
) -> None:
    assert error_of(permissions.check_start, by, an_actor(permission_level=level), forced) is (
        Forbidden if is_rejected else None
    )


@pytest.mark.parametrize(
    ("by", "other", "itself"),
    [(None, None, None), (FULL_RUN, None, None), (RUN, Forbidden, None), (ENDED, Unauthorized, None)],
)
def test_a_limited_or_ended_run_may_only_act_on_itself(
    by: Run | None, other: type[GreenroomError] | None, itself: type[GreenroomError] | None
) -> None:
    assert error_of(permissions.check_own_run, by, a_run(id="run2")) is other
    assert error_of(permissions.check_own_run, by, a_run()) is itself


@pytest.mark.parametrize("has_started", [True, False])
@pytest.mark.parametrize(
    ("by", "started", "other"),
    [
        (None, None, None),
        (FULL_RUN, None, None),
        (RUN, None, Forbidden),
        (ENDED, Unauthorized, Unauthorized),
    ],
)
def test_a_limited_run_may_abort_the_runs_that_it_started(
    by: Run | None, started: type[GreenroomError] | None, other: type[GreenroomError] | None, has_started: bool
) -> None:
    expected = started if has_started else other
    assert error_of(permissions.check_abort, by, a_run(id="run2"), lambda id: has_started) is expected


@pytest.mark.parametrize(
    ("by", "run", "is_visible"),
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
def test_which_runs_a_caller_sees(by: Run | None, run: Run, is_visible: bool) -> None:
    assert permissions.may_see_run(by, run, has_started) is is_visible
    assert error_of(permissions.check_may_see_run, by, run, has_started) is (None if is_visible else Forbidden)


@pytest.mark.parametrize(
    ("condition", "is_rejected"),
    [
        (WebhookCondition(actor_run_id="run1"), False),
        (WebhookCondition(actor_run_id="run2"), True),
        (WebhookCondition(actor_id="actor1"), True),
        (WebhookCondition(actor_id="actor2", actor_run_id="run1"), True),
        (WebhookCondition(actor_task_id="task1", actor_run_id="run1"), True),
        (WebhookCondition(), True),
    ],
)
def test_a_limited_run_only_has_webhooks_on_itself(condition: WebhookCondition, is_rejected: bool) -> None:
    assert error_of(permissions.check_webhook, RUN, condition) is (Forbidden if is_rejected else None)
    assert error_of(permissions.check_webhook, FULL_RUN, condition) is None
    assert error_of(permissions.check_webhook, None, condition) is None


@pytest.mark.parametrize("by", [None, FULL_RUN])
def test_users_and_runs_with_full_permissions_are_not_limited(by: Run | None) -> None:
    permissions.check_full_permissions(by)
    with pytest.raises(Forbidden) as error:
        permissions.check_full_permissions(RUN)
    assert error.value.slug == "insufficient-permissions"
    assert "forcePermissionLevel" in error.value.message and "actorPermissionLevel" in error.value.message


def test_last_requests_are_accepted_until_the_grace_period_is_over() -> None:
    ended = a_run(status=JobStatus.SUCCEEDED, finished_at=START)
    assert permissions.accepts_last_requests(a_run(), START)
    assert permissions.accepts_last_requests(ended, START + RUN_TOKEN_GRACE_MILLIS)
    assert not permissions.accepts_last_requests(ended, START + RUN_TOKEN_GRACE_MILLIS + 1)


@pytest.mark.parametrize(
    ("general_access", "by_id", "by_name"),
    [
        (GeneralAccess.RESTRICTED, False, False),
        (GeneralAccess.ANYONE_WITH_ID_CAN_READ, True, False),
        (GeneralAccess.ANYONE_WITH_NAME_CAN_READ, True, True),
    ],
)
def test_who_may_read_without_a_token(general_access: GeneralAccess, by_id: bool, by_name: bool) -> None:
    assert permissions.is_readable_by_anyone(general_access, by_name=False) == by_id
    assert permissions.is_readable_by_anyone(general_access, by_name=True) == by_name


def picker(resource_type: str = "dataset", permissions: Sequence[str] = ("READ",), **more: Any) -> dict[str, Any]:
    return {"type": "string", "resourceType": resource_type, "resourcePermissions": list(permissions), **more}


async def test_an_input_passes_storages_to_a_run(stage: Stage) -> None:
    """By id, by name, or with the username. Unknown storages and storages of another type are not passed."""
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


async def test_an_input_cannot_pass_a_storage_of_another_user(stage: Stage) -> None:
    other = (await stage.orchestrator.datasets.get_or_create("somebody", "data"))[0]
    actor = await stage.create_actor_with_schema(data=picker(type="array"))
    input = f'{{"data": ["{other.id}", "data"]}}'.encode()
    assert (await stage.start(actor, Input(body=input, content_type="application/json"))).grants == ()


def error_of(check: Any, *given: Any) -> type[GreenroomError] | None:
    try:
        check(*given)
    except GreenroomError as error:
        return type(error)
    return None
