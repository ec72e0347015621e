from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.builds.definition import read_definition, read_input_schema
from runtime.errors import Invalid


def laid_out(root: Path, **files: str) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "definition", "schema"),
    [
        ({}, {}, None),
        ({}, {"input": {"title": "inline"}}, {"title": "inline"}),
        ({}, {"inputSchema": {"title": "inline"}}, {"title": "inline"}),
        ({".actor/in.json": '{"a": 1}'}, {"input": "./in.json"}, {"a": 1}),
        ({"in.json": '{"a": 1}'}, {"input": "../in.json"}, {"a": 1}),
        ({".actor/INPUT_SCHEMA.json": '{"a": 2}', "INPUT_SCHEMA.json": '{"a": 3}'}, {}, {"a": 2}),
        ({"INPUT_SCHEMA.json": '{"a": 3}'}, {}, {"a": 3}),
        ({}, {"input": "../../secret.json"}, None),
    ],
)
def test_the_input_schema_is_inline_named_or_in_its_usual_place(
    tmp_path: Path, files: dict[str, str], definition: dict[str, Any], schema: Any
) -> None:
    (tmp_path / "secret.json").write_text('{"outside": true}')
    root = laid_out(tmp_path / "source", **files)
    root.mkdir(exist_ok=True)
    assert read_input_schema(root, definition) == schema


@pytest.mark.parametrize(
    "storages",
    [
        {"dataset": {"fields": {"type": "txt"}}},
        {"datasets": {"prices": {"fields": {"type": "txt"}}}},
        {"keyValueStore": {"collections": {"images": {}}}},
    ],
)
def test_storages_that_no_run_could_be_held_to_fail_the_build(tmp_path: Path, storages: dict[str, Any]) -> None:
    actor_json = tmp_path / ".actor" / "actor.json"
    actor_json.parent.mkdir()
    actor_json.write_text(json.dumps({"storages": storages}))
    with pytest.raises(Invalid):
        read_definition(tmp_path)
