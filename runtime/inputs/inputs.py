"""The input of a run, from the body of a request to the stored INPUT.

`Inputs.prepare` names the steps: parse the body, merge it over the task's own input, fill in the defaults of the input
schema, validate, encrypt secret fields, and list the storages that the input passes to the run.

Without an input schema, an input of any type is stored as it was sent. It is parsed only if it has to be merged over
the input of a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from runtime.base.errors import Invalid
from runtime.base.helper_process import WorkLimitExceeded, in_helper
from runtime.base.json_text import Json, JsonDict, JsonObject, check_parts, dumps, loads, loads_object
from runtime.base.records import Build
from runtime.inputs import validation
from runtime.inputs.encryption import InputCipher, secret_fields, texts
from runtime.inputs.keys import InputKeys
from runtime.jobs.redaction import values_to_hide

JSON_TYPE = "application/json"
MAX_BYTES_IN_THREAD = 65_536
"""A thread cannot be stopped, and competes with the event loop for the interpreter lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The bytes of an input and their Content-Type, as a client sends them or as they are stored."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class StorageReference:
    """A storage that an input names by id or name, and what the Actor's input schema requests for it.

    `resource_type` is the value of the schema's `resourceType`, which may be unknown.
    """

    resource_type: str
    reference: str
    to_write: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedInput:
    """An input that a run can start with. `stored` is the record INPUT; None if there is no input.

    `completed` is the input in plain text after the defaults were filled in; None if it was never parsed.
    """

    stored: Input | None = None
    completed: JsonObject | None = None
    storages: tuple[StorageReference, ...] = ()

    @property
    def size(self) -> int:
        """The number of bytes of the record INPUT."""
        return 0 if self.stored is None else len(self.stored.body)

    def fields(self) -> JsonObject:
        """Return the fields of the input in plain text; empty if it is not a JSON object."""
        if self.completed is not None:
            return self.completed
        return {} if self.stored is None else loads_object(self.stored.body)


class Inputs:
    """Prepares inputs for runs, with the `keys` that encrypt secret fields."""

    def __init__(self, keys: InputKeys) -> None:
        self._keys = keys

    async def prepare(
        self, user_id: str, build: Build, sent: Input | None, *, task_input: JsonObject | None = None
    ) -> PreparedInput:
        """Prepare what a client sent for a run of the build. Raises Invalid.

        `task_input` is the task's own input: fields that were sent replace those of the same name in it.
        """
        if build.input_schema is None and task_input is None:
            return PreparedInput(stored=sent)
        completed = await complete(build.input_schema, sent, task_input)
        encrypted = await self._encrypted(user_id, build, completed)
        return PreparedInput(
            stored=Input(body=dumps(encrypted), content_type=JSON_TYPE),
            completed=completed,
            storages=tuple(storages_in(build.input_schema, encrypted)),
        )

    def secrets_to_hide(self, user_id: str, build: Build, stored: bytes) -> list[str]:
        """Return the secrets in a stored input, and the passphrase that decrypts them, for a log to hide."""
        key = self._keys.find(user_id, build.actor_id)
        if key is None:
            return []
        cipher = InputCipher(key.private_key, key.passphrase)
        decrypted = cipher.decrypt_fields(stored, secret_fields(build.input_schema))
        return [key.passphrase, *values_to_hide(text for value in decrypted for text in texts(value))]

    async def _encrypted(self, user_id: str, build: Build, completed: JsonDict) -> JsonDict:
        schema = build.input_schema
        if schema is None or not secret_fields(schema):
            return completed
        cipher = await self._keys.cipher(user_id, build.actor_id)
        return cipher.encrypt(schema, completed)


def input_of_body(body: bytes, content_type: str | None) -> Input | None:
    """Return the body of a request as an input. An empty body, or the JSON `null` that clients send, is no input."""
    sent = Input(body=body, content_type=content_type or JSON_TYPE)
    return None if not body or (_is_json(sent) and body.strip() == b"null") else sent


async def complete(schema: JsonObject | None, sent: Input | None, task_input: JsonObject | None = None) -> JsonDict:
    """Return the input with the defaults of the schema; an object even if nothing was sent. Raises Invalid.

    A big input, and one that patterns validate, may take very long, so a helper process does it.
    """
    is_big = sent is not None and len(sent.body) > MAX_BYTES_IN_THREAD
    if not is_big and b'"pattern"' not in dumps(schema):
        return await asyncio.to_thread(_completed, schema, sent, task_input)
    try:
        return await in_helper(_completed_safely, schema, sent, task_input)
    except WorkLimitExceeded as problem:
        raise Invalid("invalid-input", "Input is not valid: it takes too long to validate") from problem


def storages_in(schema: JsonObject | None, input: JsonObject) -> Iterator[StorageReference]:
    """Yield the storages in fields whose schema has a `resourceType` and `resourcePermissions`."""
    for name, field in _object((schema or {}).get("properties")).items():
        resource_type, rights = _object(field).get("resourceType"), _object(field).get("resourcePermissions")
        if isinstance(resource_type, str) and isinstance(rights, list) and "READ" in rights:
            for reference in _non_empty_texts(input.get(name)):
                yield StorageReference(resource_type, reference, "WRITE" in rights)


def _completed_safely(schema: JsonObject | None, sent: Input | None, task_input: JsonObject | None) -> JsonDict:
    """The same as `_completed`, for a helper process, whose result the server must be able to load in a moment."""
    completed = _completed(schema, sent, task_input)
    try:
        check_parts(dumps(completed))
    except ValueError as problem:
        raise Invalid("input-json-too-long", f"The input JSON is too complex: {problem}") from problem
    return completed


def _completed(schema: JsonObject | None, sent: Input | None, task_input: JsonObject | None) -> JsonDict:
    value = _merged(sent, task_input)
    if schema is None:
        return value
    value = validation.with_defaults(schema, value)
    try:
        wrong = validation.messages(schema, value)
    except ValueError as problem:
        raise Invalid("invalid-input-schema", f"Input schema is not valid: {problem}") from problem
    if wrong:
        raise Invalid("invalid-input", f"Input is not valid: {', '.join(wrong)}")
    return value


def _merged(sent: Input | None, task_input: JsonObject | None) -> JsonDict:
    """Merge the input over the task's input. Without a task's input, its Content-Type must be JSON."""
    if sent is not None and task_input is None and not _is_json(sent):
        raise Invalid("invalid-input", f'Actor input must have content type "{JSON_TYPE}".')
    return {**deepcopy(dict(task_input or {})), **({} if sent is None else _parsed(sent.body))}


def _parsed(body: bytes) -> JsonDict:
    try:
        value = loads(body)
    except ValueError as problem:
        raise Invalid("invalid-input", f"Cannot parse input JSON body: {problem}") from problem
    if not isinstance(value, dict):
        kind = _javascript_type(value)
        raise Invalid("input-json-not-object", f'The input JSON must be object, got "{kind}" instead.')
    return value


def _is_json(input: Input) -> bool:
    return input.content_type.partition(";")[0].strip().lower() == JSON_TYPE


def _javascript_type(value: Json) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _non_empty_texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each]
