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


def schema(title: str) -> dict[str, Any]:
    return {"title": title, "type": "object", "schemaVersion": 1, "properties": {}}


def written(title: str) -> str:
    return f"// for people\n{json.dumps(schema(title))}"


@pytest.mark.parametrize(
    ("files", "definition", "title"),
    [
        ({}, {}, None),
        ({}, {"input": schema("inline")}, "inline"),
        ({}, {"inputSchema": schema("inline")}, "inline"),
        ({".actor/in.json": written("a")}, {"input": "./in.json"}, "a"),
        ({"in.json": written("a")}, {"input": "../in.json"}, "a"),
        ({".actor/INPUT_SCHEMA.json": written("b"), "INPUT_SCHEMA.json": written("c")}, {}, "b"),
        ({"INPUT_SCHEMA.json": written("c")}, {}, "c"),
        ({".actor/input_schema.json": written("d")}, {}, "d"),
        ({"input_schema.json": written("e")}, {}, "e"),
        ({}, {"input": "../../secret.json"}, None),
    ],
)
def test_the_input_schema_is_inline_named_or_in_its_usual_place(
    tmp_path: Path, files: dict[str, str], definition: dict[str, Any], title: str | None
) -> None:
    (tmp_path / "secret.json").write_text('{"outside": true}')
    root = laid_out(tmp_path / "source", **files)
    root.mkdir(exist_ok=True)
    assert read_input_schema(root, definition) == (title and schema(title))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"title": 1,,}', ".actor/in.json is not valid JSON: line 1, column 13: "),
        ("[]", "The input schema .actor/in.json: Input schema is not valid (Field schema must be object)"),
        (
            json.dumps({**schema("x"), "properties": {"age": {"type": "integer", "description": "?"}}}),
            "The input schema .actor/in.json: Input schema is not valid (Field schema.properties.age.title is req",
        ),
        (" " * 512_001, ".actor/in.json has more than 512000 bytes"),
    ],
)
def test_a_wrong_input_schema_is_told_with_its_file_and_place(tmp_path: Path, content: str, told: str) -> None:
    root = laid_out(tmp_path, **{".actor/in.json": content})
    with pytest.raises(Invalid) as raised:
        read_input_schema(root, {"input": "./in.json"})
    assert raised.value.slug == "invalid-input-schema"
    assert raised.value.message.startswith(told)


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
