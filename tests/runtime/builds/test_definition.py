from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.builds.definition import MAX_BYTES, read_definition, read_input_schema, read_readme


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


REQUIRED = {"actorSpecification": 1, "name": "hello", "version": "0.1"}
DATASET = {
    "actorSpecification": 1,
    "fields": {"type": "object"},
    "views": {"all": {"title": "All", "display": {"component": "table"}}},
}
STORE = {"actorKeyValueStoreSchemaVersion": 1, "title": "Files", "collections": {"images": {"keyPrefix": "image-"}}}
OUTPUT = {"actorOutputSchemaVersion": 1, "properties": {"all": {"type": "string", "template": "{{run.id}}"}}}


def read(root: Path, definition: Any, **files: Any) -> Any:
    """The definition of a source with this actor.json, and these files beside it."""
    texts = {f".actor/{name}.json": json.dumps(content) for name, content in files.items()}
    return read_definition(laid_out(root, **{".actor/actor.json": json.dumps(definition), **texts}))


def test_a_source_without_an_actor_json_has_no_definition(tmp_path: Path) -> None:
    assert read_definition(laid_out(tmp_path, **{"main.py": "", "CHANGELOG.md": "# 1.0"})) == {}


def test_actor_json_may_have_comments_and_trailing_commas(tmp_path: Path) -> None:
    text = '{\n  // always 1\n  "actorSpecification": 1, "name": "hello", /* MAJOR.MINOR */ "version": "0.1",\n}'
    assert read_definition(laid_out(tmp_path, **{".actor/actor.json": text})) == REQUIRED


def test_schemas_stand_in_place_of_the_files_that_name_them(tmp_path: Path) -> None:
    named = {
        "storages": {"datasets": {"default": "./data.json", "prices": DATASET}, "keyValueStore": "./store.json"},
        "outputSchema": "output.json",
        "webServerSchema": "../.actor/server.json",
    }
    found = read(tmp_path, {**REQUIRED, **named}, data=DATASET, store=STORE, output=OUTPUT, server={"openapi": "3.0.0"})
    assert found["storages"] == {"datasets": {"default": DATASET, "prices": DATASET}, "keyValueStore": STORE}
    assert found["output"] == OUTPUT
    assert found["webServerSchema"] == {"openapi": "3.0.0"}


@pytest.mark.parametrize(
    ("files", "named", "changelog"),
    [
        ({}, {}, None),
        ({"CHANGELOG.md": "root"}, {}, "root"),
        ({"CHANGELOG.md": "root", ".actor/CHANGELOG.md": "beside"}, {}, "beside"),
        ({"CHANGELOG.md": "root", "docs/NEWS.md": "named"}, {"changelog": "../docs/NEWS.md"}, "named"),
        ({}, {"changelog": "../../secret.md"}, None),
    ],
)
def test_the_changelog_is_the_named_one_then_the_usual_ones(
    tmp_path: Path, files: dict[str, str], named: dict[str, str], changelog: str | None
) -> None:
    (tmp_path / "secret.md").write_text("outside")
    root = laid_out(tmp_path / "source", **{".actor/actor.json": json.dumps({**REQUIRED, **named}), **files})
    assert read_definition(root).get("changelog") == changelog


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"version": None}, "actor.json is not valid: version must be string"),
        ({"version": "one"}, "version must match pattern"),
        ({"actorSpecification": 2}, "actorSpecification must be <= 1"),
        ({"minMemoryMbytes": 64}, "minMemoryMbytes must be >= 128"),
        ({"minMemoryMbytes": 1024, "maxMemoryMbytes": 512}, "minMemoryMbytes must not be greater than maxMemoryMbytes"),
        ({"defaultMemoryMbytes": True}, "defaultMemoryMbytes must be integer,string"),
        ({"environmentVariables": {"A": 1}}, "environmentVariables.A must be string"),
        ({"usesStandbyMode": "yes"}, "usesStandbyMode must be boolean"),
        ({"storages": {"dataset": {}, "datasets": {"default": {}}}}, "'dataset' or 'datasets', not both"),
        ({"storages": {"datasets": {"prices": DATASET}}}, "storages.datasets must have required property 'default'"),
        ({"storages": {"datasets": {"default": {}, "a-b": {}}}}, "storages.datasets"),
        ({"storages": {"dataSet": {}}}, "storages must not have the property 'dataSet'"),
        (
            {"storages": {"dataset": {"actorSpecification": 1}}},
            "storages.dataset of .actor/actor.json is not valid: must have 'fields'",
        ),
        ({"storages": {"dataset": {**DATASET, "fields": {"type": "txt"}}}}, "storages.dataset of .* fields"),
        (
            {"storages": {"dataset": {**DATASET, "views": {"all": {"title": "All"}}}}},
            "views.all must have a 'transformation'",
        ),
        (
            {"storages": {"datasets": {"default": DATASET, "more": "./more.json"}}},
            "more.json is not valid: must have required",
        ),
        ({"storages": {"dataset": "./nothing.json"}}, "names the file './nothing.json' as storages.dataset"),
        ({"storages": {"dataset": "../../secret.json"}}, "it is not there"),
        (
            {"storages": {"keyValueStore": {**STORE, "collections": {"images": {}}}}},
            "keyValueStore of .* 'key' or a 'keyPrefix'",
        ),
        (
            {"storages": {"keyValueStore": {**STORE, "collections": {"a": {"key": "a", "jsonSchema": {}}}}}},
            "just application/json",
        ),
        (
            {"output": {**OUTPUT, "properties": {"all": {"template": ""}}}},
            "output of .*properties.all must have required property 'type'",
        ),
        ({"output": "./more.json"}, "more.json is not valid: must have required property 'actorOutputSchemaVersion'"),
        ({"webServerSchema": "./list.json"}, "list.json must hold a JSON object"),
        ({"output": "a\0b"}, "leads nowhere: .*null byte"),
    ],
)
def test_a_definition_that_is_wrong_fails_the_build_and_says_where(
    tmp_path: Path, fields: dict[str, Any], told: str
) -> None:
    (tmp_path / "secret.json").write_text("{}")
    with pytest.raises(Invalid, match=told):
        read(tmp_path / "source", {**REQUIRED, **fields}, more={}, list=[])


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="there it is just a file that is not there")
def test_a_link_to_itself_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to("README.md")
    with pytest.raises(Invalid, match=r"README\.md' leads nowhere"):
        read_readme(tmp_path, {})


@pytest.mark.parametrize("name", ["README.md", ".actor/actor.json", "CHANGELOG.md"])
def test_what_is_too_large_to_be_kept_with_the_build_fails_it(tmp_path: Path, name: str) -> None:
    root = laid_out(tmp_path, **{".actor/actor.json": json.dumps(REQUIRED), name: " " * (MAX_BYTES + 1)})
    with pytest.raises(Invalid, match=f"{name} has more than {MAX_BYTES} bytes"):
        read_readme(root, read_definition(root))


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_every_actor_json_needs(tmp_path: Path, missing: str) -> None:
    with pytest.raises(Invalid, match=f"required property '{missing}'"):
        read(tmp_path, {name: value for name, value in REQUIRED.items() if name != missing})
