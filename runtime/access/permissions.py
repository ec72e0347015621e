"""What the token of a run may do: the whole policy, as pure functions of records.

The parameter `by` is the calling run, or None if the caller is a user with a token of their own.

With FULL_PERMISSIONS a run may do everything that its user may do. With LIMITED_PERMISSIONS, the default, it may
only do what the platform's page "Actor permissions" lists:

- do everything with its own default storages, and with storages that this run or an earlier limited run of the same
  Actor created;
- read or write the storages that its input passed to it, as far as the input schema requests it, and create new ones;
- read the results of runs that it started, or that these runs started;
- update, charge, abort, reboot and metamorph itself, and have webhooks on itself;
- abort runs that it started, or that these runs started;
- start Actors that are also limited, and read Actors without their sources;
- read who its user is, whether they are paying, and their proxy password.

A token ends with its run. After that it is valid for a few more seconds, but only to read, update and charge its own
run and to read and write its own default storages, because an Actor's last requests may arrive after its end. A request
that was accepted before the end is completed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from runtime.base.clock import Millis
from runtime.base.errors import Forbidden, Unauthorized
from runtime.base.general_access import GeneralAccess
from runtime.base.records import (
    Actor,
    PermissionLevel,
    Run,
    Storage,
    StorageGrant,
    WebhookCondition,
)

HasStarted = Callable[[str], bool]
"""Whether the calling run has started the run with this id, directly or through other runs."""

RUN_TOKEN_GRACE_MILLIS = 5000
"""How long a run's token remains valid for the Actor's last requests after the run has ended."""


class StorageAccess(IntEnum):
    """What a caller may do with a storage. Each level includes those before it. MANAGE permits its deletion."""

    NONE = 0
    READ = 1
    WRITE = 2
    MANAGE = 3


def is_limited(run: Run | None) -> bool:
    """Whether a caller has limited permissions. The caller is a run, or a user if `run` is None."""
    return run is not None and run.permission_level is PermissionLevel.LIMITED


def accepts_last_requests(run: Run, now: Millis) -> bool:
    """Whether a run is live, or ended so recently that its Actor's last requests may still arrive."""
    return run.finished_at is None or now <= run.finished_at + RUN_TOKEN_GRACE_MILLIS


def check_full_permissions(by: Run | None) -> None:
    """Raises Forbidden."""
    if is_limited(by):
        raise _forbidden("do this")


def check_not_ended(by: Run | None) -> None:
    """Raises Unauthorized if the token's run has ended."""
    if by is not None and by.status.is_terminal:
        raise _run_has_ended()


def check_own_run(by: Run | None, run: Run) -> None:
    """Limited runs and runs that have ended may only act on themselves. Raises Unauthorized, Forbidden."""
    if by is None or by.id == run.id:
        return
    check_not_ended(by)
    if is_limited(by):
        raise _forbidden("do this to another run")


def check_abort(by: Run | None, run: Run, has_started: HasStarted) -> None:
    """Limited runs may also abort the runs that they started. Raises Unauthorized, Forbidden."""
    check_not_ended(by)
    if not has_started(run.id):
        check_own_run(by, run)


def check_start(by: Run | None, actor: Actor, forced_level: PermissionLevel | None) -> None:
    """Raises Forbidden if the caller may not start an Actor, or metamorph into it, with this forced level."""
    if not is_limited(by):
        return
    if actor.permission_level is not PermissionLevel.LIMITED:
        raise _forbidden(f"start or metamorph into an Actor with {actor.permission_level}")
    if forced_level is PermissionLevel.FULL:
        raise _forbidden(f"force {forced_level} on a run")


def check_storage_access(by: Run | None, storage: Storage, needed: StorageAccess, has_started: HasStarted) -> None:
    """Raises Unauthorized, Forbidden."""
    if by is None:
        return
    if by.status.is_terminal and (storage.id not in _default_storage_ids(by) or needed is StorageAccess.MANAGE):
        raise _run_has_ended()
    if storage_access(by, storage, has_started) < needed:
        access = needed.name.lower()
        raise _forbidden(
            f"{access} this storage: it is not the run's own, and the input does not grant {access} access"
        )


def storage_access(by: Run | None, storage: Storage, has_started: HasStarted) -> StorageAccess:
    """The highest access that the caller has to a storage of its user."""
    if by is None or not is_limited(by) or _is_own_storage(by, storage):
        return StorageAccess.MANAGE
    granted = [
        StorageAccess.WRITE if grant.may_write else StorageAccess.READ for grant in by.grants if grant.id == storage.id
    ]
    is_result = storage.creator_run_id is not None and has_started(storage.creator_run_id)
    return max([*granted, StorageAccess.READ if is_result else StorageAccess.NONE])


def storage_grant(storage: Storage, starters_access: StorageAccess, *, to_write: bool) -> StorageGrant:
    """The grant for a storage that an input passes to a run: never more than the run's starter may do."""
    return StorageGrant(id=storage.id, may_write=to_write and starters_access >= StorageAccess.WRITE)


def is_readable_by_anyone(general_access: GeneralAccess, *, by_name: bool) -> bool:
    """Whether knowing the id, or with `by_name` the names of the owner and the record, is enough to read a record.

    `general_access` is what GeneralAccesses returns for the record.
    """
    if by_name:
        return general_access is GeneralAccess.ANYONE_WITH_NAME_CAN_READ
    return general_access is not GeneralAccess.RESTRICTED


def creator_fields(run_id: str, actor_id: str, level: PermissionLevel) -> dict[str, str]:
    """The fields of a new storage for the run that creates it. Only limited runs share storages with their Actor."""
    return {"creator_run_id": run_id, **({"creator_actor_id": actor_id} if level is PermissionLevel.LIMITED else {})}


def may_see_run(by: Run | None, run: Run, has_started: HasStarted) -> bool:
    """Whether the caller sees all fields of a run of its user. Anyone who knows the id sees the public fields."""
    if by is None or by.id == run.id:
        return True
    if by.status.is_terminal:
        return False
    return not is_limited(by) or _share_storages(by, run) or has_started(run.id)


def check_may_see_run(by: Run | None, run: Run, has_started: HasStarted) -> None:
    """Raises Forbidden."""
    if not may_see_run(by, run, has_started):
        raise _forbidden("see runs other than those of its own Actor and those that it started")


def may_manage_webhook(by: Run | None, condition: WebhookCondition) -> bool:
    """Whether the caller may create, see, change and delete webhooks with this condition."""
    return by is None or not is_limited(by) or condition == WebhookCondition(actor_run_id=by.id)


def check_webhook(by: Run | None, condition: WebhookCondition) -> None:
    """Raises Forbidden."""
    if not may_manage_webhook(by, condition):
        raise _forbidden("use webhooks other than those on itself (condition.actorRunId)")


def _is_own_storage(run: Run, storage: Storage) -> bool:
    return (
        storage.id in _default_storage_ids(run)
        or storage.creator_run_id == run.id
        or storage.creator_actor_id == run.current_actor_id
    )


def _default_storage_ids(run: Run) -> tuple[str, ...]:
    defaults = (run.default_dataset_id, run.default_key_value_store_id, run.default_request_queue_id)
    return (*defaults, *run.datasets.values())


def _share_storages(by: Run, run: Run) -> bool:
    """Whether both are limited runs of one Actor."""
    return is_limited(run) and run.current_actor_id == by.current_actor_id


def _forbidden(action: str) -> Forbidden:
    return Forbidden(
        "insufficient-permissions",
        f"A run with {PermissionLevel.LIMITED} may not {action}. If the run needs this permission, start it with "
        f"forcePermissionLevel={PermissionLevel.FULL}, or set the Actor's actorPermissionLevel to "
        f"{PermissionLevel.FULL}.",
    )


def _run_has_ended() -> Unauthorized:
    return Unauthorized("invalid-token", "Authentication token is not valid: its run has ended.")
