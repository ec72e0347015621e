"""What the token of a run may do: the whole policy, as pure functions over records.

With FULL_PERMISSIONS it may do all its user may. With LIMITED_PERMISSIONS, the default, it may do just what the
platform's page "Actor permissions" lists:

- all with its own default storages and with storages that this run, or an earlier limited run of the same Actor, made;
- read or write the storages that its input passed to it, as far as the input schema asks for that, and make new ones;
- read the results of runs that it started, or that those started;
- update, charge, abort, reboot and metamorph itself, and have webhooks on itself;
- start Actors that are limited too, and look at Actors without their sources;
- read who its user is, whether they pay, and their proxy password.

A token ends with its run: from then on it is not valid, but that for a few seconds more it may still read, update and
charge its own run, and read and write its own default storages, since an Actor's last words race its end. What was let
in before the end is carried out whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from runtime.base import json_text
from runtime.base.errors import Forbidden, Unauthorized
from runtime.base.json_text import Json
from runtime.base.records import Actor, PermissionLevel, Run, Storage, StorageGrant, WebhookCondition

WAY_OUT = (
    f"if it needs to, start it with forcePermissionLevel={PermissionLevel.FULL}, "
    f"or set the Actor's actorPermissionLevel to {PermissionLevel.FULL}."
)

RESTRICTED = "RESTRICTED"
"""The general access of what only its owner reads, or who has a signed address."""
OPEN_BY_NAME = "ANYONE_WITH_NAME_CAN_READ"

HasStarted = Callable[[str], bool]
"""Whether a run, by its id, was started by the one in question, or by a run which that started."""


class Access(IntEnum):
    """What can be done with a storage; each includes the ones before. MANAGE is to change, share or delete it."""

    NONE = 0
    READ = 1
    WRITE = 2
    MANAGE = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A storage that an input names, by id or name, and what the Actor asks to do with it.

    `resource_type` is whatever the input schema says.
    """

    resource_type: str
    reference: str
    to_write: bool


def is_limited(run: Run | None) -> bool:
    """Whether a caller, a run or (None) a user, is held to what a limited run may do."""
    return run is not None and run.permission_level is PermissionLevel.LIMITED


def check_unlimited(run: Run | None) -> None:
    """Raises Forbidden."""
    if is_limited(run):
        raise refusal("do this")


def check_alive(run: Run | None) -> None:
    """Raises Unauthorized where the token's run has ended."""
    if run is not None and run.status.is_terminal:
        raise revoked()


def check_itself(by: Run | None, run: Run) -> None:
    """What a limited or ended run may do, it may do to itself only. Raises Unauthorized, Forbidden."""
    if by is None or by.id == run.id:
        return
    check_alive(by)
    if is_limited(by):
        raise refusal("do this to any run but itself")


def check_start(by: Run | None, actor: Actor, level: PermissionLevel | None) -> None:
    """Whether an Actor may be started, or turned into, at a level that is forced upon it. Raises Forbidden."""
    if not is_limited(by):
        return
    if actor.permission_level is not PermissionLevel.LIMITED:
        raise refusal(f"start or become an Actor with {actor.permission_level}")
    if level is PermissionLevel.FULL:
        raise refusal(f"force {level} upon a run")


def check_storage(by: Run | None, storage: Storage, wanted: Access, has_started: HasStarted) -> None:
    """Raises Unauthorized, Forbidden."""
    if by is None:
        return
    if by.status.is_terminal and (storage.id not in default_storages(by) or wanted is Access.MANAGE):
        raise revoked()
    if access(by, storage, has_started) < wanted:
        raise refusal(f"{wanted.name.lower()} a storage that is neither its own nor passed to it for that by its input")


def access(by: Run | None, storage: Storage, has_started: HasStarted) -> Access:
    """The most that may be done with a storage of the caller's user."""
    if by is None or not is_limited(by) or is_own_storage(by, storage):
        return Access.MANAGE
    passed = [Access.WRITE if grant.may_write else Access.READ for grant in by.grants if grant.id == storage.id]
    is_result = storage.creator_run_id is not None and has_started(storage.creator_run_id)
    return max([*passed, Access.READ if is_result else Access.NONE])


def is_open(general_access: str, *, by_name: bool) -> bool:
    """Whether anybody may read what they know the id of, or (`by_name`) only its owner's name and its own.

    A user's setting, which is followed where a record has none of its own, is here always the platform's usual one.
    """
    return general_access == OPEN_BY_NAME if by_name else general_access != RESTRICTED


def is_own_storage(run: Run, storage: Storage) -> bool:
    return (
        storage.id in default_storages(run)
        or storage.creator_run_id == run.id
        or storage.creator_actor_id == run.actor_id
    )


def default_storages(run: Run) -> tuple[str, ...]:
    """Those the run was born with."""
    defaults = (run.default_dataset_id, run.default_key_value_store_id, run.default_request_queue_id)
    return (*defaults, *run.datasets.values())


def creator(run_id: str, actor_id: str, level: PermissionLevel) -> dict[str, str]:
    """What a storage's record says of the run that makes it: only what limited runs make is their Actor's later on."""
    return {"creator_run_id": run_id, **({"creator_actor_id": actor_id} if level is PermissionLevel.LIMITED else {})}


def may_see(by: Run | None, run: Run, has_started: HasStarted) -> bool:
    """Whether a run of the caller's user is shown as to that user; knowing the id is enough to see the rest of it."""
    if by is None or by.id == run.id:
        return True
    if by.status.is_terminal:
        return False
    return not is_limited(by) or _is_fellow(by, run) or has_started(run.id)


def check_sight(by: Run | None, run: Run, has_started: HasStarted) -> None:
    """Raises Forbidden."""
    if not may_see(by, run, has_started):
        raise refusal("see runs but its own Actor's and those it started")


def may_hook(by: Run | None, condition: WebhookCondition) -> bool:
    """Whether webhooks with this condition can be made, seen, changed and deleted."""
    return by is None or not is_limited(by) or condition == WebhookCondition(actor_run_id=by.id)


def check_webhook(by: Run | None, condition: WebhookCondition) -> None:
    """Raises Forbidden."""
    if not may_hook(by, condition):
        raise refusal("have webhooks but on itself (condition.actorRunId)")


def asked_for(schema: Mapping[str, Json] | None, input: bytes) -> Iterator[Asked]:
    """The storages that an input names in fields with `resourceType` and `resourcePermissions` of its schema."""
    fields = _object((schema or {}).get("properties"))
    pickers = {name: field for name, field in fields.items() if "resourceType" in _object(field)}
    given = json_text.loads_object(input) if pickers else {}
    for name, picker in pickers.items():
        kind, rights = picker["resourceType"], picker.get("resourcePermissions")
        if isinstance(kind, str) and isinstance(rights, list) and "READ" in rights:
            for reference in _texts(given.get(name)):
                yield Asked(kind, reference, "WRITE" in rights)


def grant(asked: Asked, storage: Storage, most: Access) -> StorageGrant:
    """What of it the run gets: never more than who starts it may do itself."""
    return StorageGrant(id=storage.id, may_write=asked.to_write and most >= Access.WRITE)


def refusal(what: str) -> Forbidden:
    return Forbidden("insufficient-permissions", f"A run with {PermissionLevel.LIMITED} may not {what}; {WAY_OUT}")


def revoked() -> Unauthorized:
    return Unauthorized("invalid-token", "Authentication token is not valid: its run has ended.")


def _is_fellow(by: Run, run: Run) -> bool:
    """Whether both are limited runs of one Actor: their storages are in common."""
    return is_limited(run) and run.actor_id == by.actor_id


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each]
