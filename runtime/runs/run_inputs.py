"""The input of a run: completed by the build's schema, its secrets encrypted, its storages found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from runtime.access import permissions
from runtime.access.permissions import StorageAccess
from runtime.base.json_text import dumps, loads
from runtime.base.records import Build, Run, StorageGrant
from runtime.builds.image_environment import to_hide
from runtime.inputs import inputs
from runtime.inputs.encryption import InputCipher, secret_fields, texts
from runtime.inputs.inputs import JSON_TYPE, Input
from runtime.inputs.keys import InputKeys
from runtime.inputs.passed_storages import passed_storages
from runtime.runs.runs import Runs
from runtime.storages.run_storages import Storages


async def complete_input(build: Build, input: Input | None) -> Input | None:
    """The input with the defaults of the build's schema, if it has one. Raises Invalid for an invalid input."""
    if build.input_schema is None:
        return input
    return Input(body=dumps(await inputs.checked(build.input_schema, input)), content_type=JSON_TYPE)


class RunInputs:
    """Encrypts and reads inputs of runs."""

    def __init__(self, *, input_keys: InputKeys, storages: Storages, runs: Runs) -> None:
        self._input_keys = input_keys
        self._storages = storages
        self._runs = runs

    async def encrypt(self, user_id: str, build: Build, input: Input | None) -> Input | None:
        """The input with its secret fields encrypted."""
        schema = build.input_schema
        if input is None or schema is None or not secret_fields(schema):
            return input
        cipher = await self._input_keys.cipher(user_id, build.actor_id)
        return replace(input, body=dumps(cipher.encrypt(schema, loads(input.body))))

    def grants(
        self, user_id: str, build: Build, input: Input | None, started_by: Run | None
    ) -> tuple[StorageGrant, ...]:
        """The storages that an input passes to a run of the build, as far as `started_by` may use them itself."""
        grants = []
        for passed in passed_storages(build.input_schema, input.body if input else b""):
            storage = self._storages.resolve_reference(user_id, passed.resource_type, passed.reference)
            if storage is None:
                continue
            has_started = partial(self._runs.has_started, started_by)
            access = permissions.storage_access(started_by, storage, has_started)
            if access >= StorageAccess.READ:
                grants.append(permissions.storage_grant(storage, access, to_write=passed.to_write))
        return tuple(grants)

    async def secrets(self, run: Run, build: Build) -> list[str]:
        """The values in the run's stored input that must not appear in its log."""
        names = secret_fields(build.input_schema)
        if not names:
            return []
        key = self._input_keys.find(run.user_id, build.actor_id)
        record = self._storages.key_value_stores.get_record_uncounted(run.default_key_value_store_id, run.input_key)
        if key is None or record is None:
            return []
        cipher = InputCipher(key.private_key, key.passphrase)
        held = (text for value in cipher.readable(await record.read(), names) for text in texts(value))
        return [key.passphrase, *to_hide(held)]
