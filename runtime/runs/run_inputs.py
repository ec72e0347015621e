"""What follows from the input of a run: the storages that it passes on, and the secrets that the log must hide."""

from __future__ import annotations

from functools import partial

from runtime.access import permissions
from runtime.access.permissions import StorageAccess
from runtime.base.records import Build, Run, StorageGrant
from runtime.inputs.encryption import secret_fields
from runtime.inputs.inputs import Inputs, PreparedInput
from runtime.runs.runs import Runs
from runtime.storages.run_storages import Storages


class RunInputs:
    """Reads the inputs of runs."""

    def __init__(self, *, inputs: Inputs, storages: Storages, runs: Runs) -> None:
        self._inputs = inputs
        self._storages = storages
        self._runs = runs

    def grants(self, user_id: str, input: PreparedInput, started_by: Run | None) -> tuple[StorageGrant, ...]:
        """The storages that an input passes to a run, as far as `started_by` may use them itself."""
        grants = []
        for requested in input.storages:
            storage = self._storages.resolve_reference(user_id, requested.resource_type, requested.reference)
            if storage is None:
                continue
            has_started = partial(self._runs.has_started, started_by)
            access = permissions.storage_access(started_by, storage, has_started)
            if access >= StorageAccess.READ:
                grants.append(permissions.storage_grant(storage, access, to_write=requested.to_write))
        return tuple(grants)

    async def secrets(self, run: Run, build: Build) -> list[str]:
        """The values in the run's stored input that must not appear in its log."""
        if not secret_fields(build.input_schema):
            return []
        record = self._storages.key_value_stores.get_record_uncounted(run.default_key_value_store_id, run.input_key)
        return [] if record is None else self._inputs.secrets_to_hide(run.user_id, build, await record.read())
