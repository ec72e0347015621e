from __future__ import annotations

from typing import Any

import pytest

from runtime.inputs.passed_storages import PassedStorage, passed_storages


def picker(resource_type: Any = "dataset", permissions: Any = ("READ",), **more: Any) -> dict[str, Any]:
    return {"type": "string", "resourceType": resource_type, "resourcePermissions": list(permissions), **more}


@pytest.mark.parametrize(
    ("field", "input", "passed"),
    [
        (picker(), b'{"it": "abc"}', [PassedStorage("dataset", "abc", False)]),
        (picker("keyValueStore"), b'{"it": "abc"}', [PassedStorage("keyValueStore", "abc", False)]),
        (picker(permissions=["READ", "WRITE"]), b'{"it": "abc"}', [PassedStorage("dataset", "abc", True)]),
        (picker(), b'{"it": ["a", "b"]}', [PassedStorage("dataset", "a", False), PassedStorage("dataset", "b", False)]),
        (picker(), rb'{"cut": "\ud83d", "it": "abc"}', [PassedStorage("dataset", "abc", False)]),
        (picker(), b'{"it": ["", 7, null, {"id": "a"}]}', []),
        (picker(), b'{"it": ""}', []),
        (picker(), b'{"it": 7}', []),
        (picker(), b'{"other": "abc"}', []),
        (picker(), b'["it"]', []),
        (picker(), b"no JSON", []),
        (picker(), b"\xff", []),
        (picker(), b"[" * 100_000, []),
        (picker(), b"", []),
        (picker(permissions=[]), b'{"it": "abc"}', []),
        ({"resourceType": "dataset"}, b'{"it": "abc"}', []),
        ({"resourceType": "dataset", "resourcePermissions": "READ"}, b'{"it": "abc"}', []),
        ({"resourceType": ["dataset"], "resourcePermissions": ["READ"]}, b'{"it": "abc"}', []),
        ({"type": "string"}, b'{"it": "abc"}', []),
        ("string", b'{"it": "abc"}', []),
    ],
)
def test_storages_that_an_input_passes(field: Any, input: bytes, passed: list[PassedStorage]) -> None:
    assert list(passed_storages({"properties": {"it": field}}, input)) == passed


@pytest.mark.parametrize("schema", [None, {}, {"properties": None}, {"properties": []}])
def test_a_schema_without_fields_passes_no_storages(schema: Any) -> None:
    assert list(passed_storages(schema, b'{"it": "abc"}')) == []
