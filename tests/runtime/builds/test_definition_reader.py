from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_text import JsonObject
from runtime.base.records import Definition
from runtime.builds import definition_reader
from runtime.builds.definition_reader import MAX_FILE_BYTES
from runtime.builds.sources import Source

REQUIRED = {"actorSpecification": 1, "name": "hello", "version": "0.1"}
DATASET = {
    "actorSpecification": 1,
    "fields": {"type": "object"},
    "views": {"all": {"title": "All", "display": {"component": "table"}}},
}
STORE = {"actorKeyValueStoreSchemaVersion": 1, "title": "Files", "collections": {"images": {"keyPrefix": "image-"}}}
OUTPUT = {"actorOutputSchemaVersion": 1, "properties": {"all": {"type": "string", "template": "{{run.id}}"}}}


def write_files(root: Path, **files: str) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def read_definition(root: Path) -> Definition:
    """Read the definition of a source that is the folder of one Actor."""
    return definition_reader.read_definition(Source(root, root))


def warnings(root: Path, definition: Definition) -> list[str]:
    return definition_reader.warnings(Source(root, root), definition)


def schema(title: str) -> dict[str, Any]:
    return {"title": title, "type": "object", "schemaVersion": 1, "properties": {}}


def schema_text(title: str) -> str:
    return f"// for people\n{json.dumps(schema(title))}"


@pytest.mark.parametrize(
    ("files", "definition", "title"),
    [
        ({}, {}, None),
        ({}, {"input": schema("inline")}, "inline"),
        ({}, {"inputSchema": schema("inline")}, "inline"),
        ({".actor/in.json": schema_text("a")}, {"input": "./in.json"}, "a"),
        ({"in.json": schema_text("a")}, {"input": "../in.json"}, "a"),
        ({".actor/INPUT_SCHEMA.json": schema_text("b"), "INPUT_SCHEMA.json": schema_text("c")}, {}, "b"),
        ({"INPUT_SCHEMA.json": schema_text("c")}, {}, "c"),
        ({".actor/input_schema.json": schema_text("d")}, {}, "d"),
        ({"input_schema.json": schema_text("e")}, {}, "e"),
        ({".actor/a.json": schema_text("a"), "INPUT_SCHEMA.json": schema_text("c")}, {"input": "./no.json"}, "c"),
    ],
)
def test_the_input_schema_is_inline_or_in_the_named_or_a_usual_file(
    tmp_path: Path, files: dict[str, str], definition: dict[str, Any], title: str | None
) -> None:
    actor_json = {".actor/actor.json": json.dumps({**REQUIRED, **definition})} if definition else {}
    root = write_files(tmp_path / "source", **actor_json, **files)
    root.mkdir(exist_ok=True)
    assert read_definition(root).input_schema == (title and schema(title))


@pytest.mark.parametrize(
    ("content", "message"),
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
def test_an_invalid_input_schema_is_reported_with_its_file_and_position(
    tmp_path: Path, content: str, message: str
) -> None:
    actor_json = json.dumps({**REQUIRED, "input": "./in.json"})
    root = write_files(tmp_path, **{".actor/actor.json": actor_json, ".actor/in.json": content})
    with pytest.raises(Invalid) as raised:
        read_definition(root)
    assert raised.value.slug == "invalid-input-schema"
    assert raised.value.message.startswith(message)


def read(root: Path, definition: Any, **files: Any) -> JsonObject:
    """Return the document of a source with this actor.json and these files beside it."""
    texts = {f".actor/{name}.json": json.dumps(content) for name, content in files.items()}
    return read_definition(write_files(root, **{".actor/actor.json": json.dumps(definition), **texts})).document


def test_a_source_without_an_actor_json_has_an_empty_document(tmp_path: Path) -> None:
    definition = read_definition(write_files(tmp_path, **{"main.py": "", "CHANGELOG.md": "# 1.0", "README.md": "# A"}))
    assert definition == Definition(document={}, input_schema=None, readme="# A")


def test_actor_json_can_have_comments_and_trailing_commas(tmp_path: Path) -> None:
    text = '{\n  // always 1\n  "actorSpecification": 1, "name": "hello", /* MAJOR.MINOR */ "version": "0.1",\n}'
    assert read_definition(write_files(tmp_path, **{".actor/actor.json": text})).document == REQUIRED


def test_schemas_replace_the_names_of_their_files(tmp_path: Path) -> None:
    declared = {
        "storages": {"datasets": {"default": "./data.json", "prices": DATASET}, "keyValueStore": "./store.json"},
        "outputSchema": "output.json",
        "webServerSchema": "../.actor/server.json",
    }
    found = read(
        tmp_path, {**REQUIRED, **declared}, data=DATASET, store=STORE, output=OUTPUT, server={"openapi": "3.0.0"}
    )
    assert found["storages"] == {"datasets": {"default": DATASET, "prices": DATASET}, "keyValueStore": STORE}
    assert found["output"] == OUTPUT
    assert found["webServerSchema"] == {"openapi": "3.0.0"}


@pytest.mark.parametrize(
    ("files", "declared", "changelog"),
    [
        ({}, {}, None),
        ({"CHANGELOG.md": "root"}, {}, "root"),
        ({"CHANGELOG.md": "root", ".actor/CHANGELOG.md": "beside"}, {}, "beside"),
        ({"CHANGELOG.md": "root", "docs/NEWS.md": "named"}, {"changelog": "../docs/NEWS.md"}, "named"),
        ({}, {"changelog": "./missing.md"}, None),
    ],
)
def test_the_changelog_is_in_the_named_or_a_usual_file(
    tmp_path: Path, files: dict[str, str], declared: dict[str, str], changelog: str | None
) -> None:
    root = write_files(tmp_path / "source", **{".actor/actor.json": json.dumps({**REQUIRED, **declared}), **files})
    assert read_definition(root).document.get("changelog") == changelog


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": None}, "actor.json is not valid: version must be string"),
        ({"version": "one"}, "version must match pattern"),
        ({"actorSpecification": 2}, "actorSpecification must be <= 1"),
        ({"minMemoryMbytes": 64}, "minMemoryMbytes must be >= 128"),
        ({"minMemoryMbytes": 1024, "maxMemoryMbytes": 512}, "minMemoryMbytes must not be greater than maxMemoryMbytes"),
        ({"defaultMemoryMbytes": True}, "defaultMemoryMbytes must be integer,string"),
        ({"environmentVariables": {"A": 1}}, "environmentVariables.A must be string"),
        ({"dockerfile": 5}, "dockerfile must be string"),
        ({"dockerContextDir": 5}, "dockerContextDir must be string"),
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
        ({"storages": {"dataset": "../../secret.json"}}, "'../../secret.json' as storages.dataset, which is outside"),
        ({"input": "../../secret.json"}, "'../../secret.json' as input, which is outside of the source"),
        ({"input": "/etc/hostname"}, "'/etc/hostname' as input, which is outside of the source"),
        ({"inputSchema": "./nothing.json"}, "names the file './nothing.json' as inputSchema, but there is no such"),
        ({"readme": "../../secret.json"}, "as readme, which is outside of the source"),
        ({"changelog": "../../secret.json"}, "as changelog, which is outside of the source"),
        (
            {"storages": {"keyValueStore": {**STORE, "collections": {"images": {}}}}},
            "keyValueStore of .* 'key' or a 'keyPrefix'",
        ),
        (
            {"storages": {"keyValueStore": {**STORE, "collections": {"a": {"key": "a", "jsonSchema": {}}}}}},
            "contentTypes must be .*application/json",
        ),
        (
            {"output": {**OUTPUT, "properties": {"all": {"template": ""}}}},
            "output of .*properties.all must have required property 'type'",
        ),
        ({"output": "./more.json"}, "more.json is not valid: must have required property 'actorOutputSchemaVersion'"),
        ({"webServerSchema": "./list.json"}, "list.json must contain a JSON object"),
    ],
)
def test_an_invalid_definition_is_reported_with_its_file_and_field(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    (tmp_path / "secret.json").write_text("{}")
    with pytest.raises(Invalid, match=message):
        read(tmp_path / "source", {**REQUIRED, **fields}, more={}, list=[])


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="since Python 3.13, such a link counts as a missing file")
def test_a_link_to_itself_cannot_be_resolved(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to("README.md")
    with pytest.raises(Invalid, match=r"README\.md' cannot be resolved"):
        read_definition(tmp_path)


@pytest.mark.parametrize("name", ["README.md", ".actor/actor.json", "CHANGELOG.md"])
def test_a_file_that_is_too_large_to_be_stored_is_rejected(tmp_path: Path, name: str) -> None:
    root = write_files(tmp_path, **{".actor/actor.json": json.dumps(REQUIRED), name: " " * (MAX_FILE_BYTES + 1)})
    with pytest.raises(Invalid, match=f"{name} has more than {MAX_FILE_BYTES} bytes"):
        read_definition(root)


def test_the_specification_is_a_required_field_of_actor_json(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="required property 'actorSpecification'"):
        read(tmp_path, {"name": "hello", "version": "0.1"})


@pytest.mark.parametrize("missing", [{"name"}, {"version"}, {"name", "version"}])
def test_the_name_and_the_version_may_be_missing_in_actor_json(tmp_path: Path, missing: set[str]) -> None:
    given = {name: value for name, value in REQUIRED.items() if name not in missing}
    assert read(tmp_path, given) == given


TEXT = "# My Actor\nIt does things. " + "x" * 500


@pytest.mark.parametrize(
    ("field", "what"),
    [
        *((field, "file") for field in ("readme", "changelog", "dockerfile", "input", "inputSchema", "output")),
        *((field, "file") for field in ("webServerSchema", "storages.dataset", "storages.keyValueStore")),
        *((field, "file") for field in ("storages.datasets.default", "storages.datasets.more")),
        ("dockerContextDir", "folder"),
    ],
)
@pytest.mark.parametrize("value", [TEXT, "x" * 300, "a/" * 600, "a\0b", "two\nlines", ""])
def test_a_text_in_place_of_a_path_is_rejected_with_its_field(
    tmp_path: Path, field: str, what: str, value: str
) -> None:
    *parents, name = field.split(".")
    fields: dict[str, Any] = {name: value, **({"default": DATASET} if name == "more" else {})}
    for parent in reversed(parents):
        fields = {parent: fields}
    with pytest.raises(Invalid, match=f"{field} must be the path of a {what}, not ") as raised:
        read(tmp_path, {**REQUIRED, **fields})
    assert raised.value.message.endswith(f" ({len(value)} characters)")
    assert len(raised.value.message) < 200 and str(tmp_path) not in raised.value.message


SHARED = {
    "input": "../../../shared/input.json",
    "readme": "../../../README.md",
    "changelog": "../../../docs/NEWS.md",
    "storages": {"dataset": "../../../shared/data.json", "keyValueStore": "../../../shared/store.json"},
    "output": "../../../shared/output.json",
}


def test_files_elsewhere_in_the_repository_are_read(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        **{
            "actors/one/.actor/actor.json": json.dumps({**REQUIRED, **SHARED}),
            "shared/input.json": schema_text("shared"),
            "README.md": "# Everything",
            "docs/NEWS.md": "# 1.0",
            "shared/data.json": json.dumps(DATASET),
            "shared/store.json": json.dumps(STORE),
            "shared/output.json": json.dumps(OUTPUT),
        },
    )
    source = Source(tmp_path, tmp_path / "actors/one")
    found = definition_reader.read_definition(source)
    assert (found.input_schema, found.readme) == (schema("shared"), "# Everything")
    assert found.document["changelog"] == "# 1.0"
    assert found.document["storages"] == {"dataset": DATASET, "keyValueStore": STORE}
    assert found.document["output"] == OUTPUT
    assert definition_reader.warnings(source, found) == []


def test_an_error_in_a_shared_file_names_it_relative_to_the_actor(tmp_path: Path) -> None:
    actor_json = json.dumps({**REQUIRED, "input": "../../../shared/input.json"})
    write_files(tmp_path, **{"actors/one/.actor/actor.json": actor_json, "shared/input.json": "{"})
    with pytest.raises(Invalid, match=r"^\.\./\.\./shared/input\.json is not valid JSON"):
        definition_reader.read_definition(Source(tmp_path, tmp_path / "actors/one"))


@pytest.mark.parametrize("field", ["input", "readme"])
def test_a_link_to_a_file_outside_the_repository_is_an_error(tmp_path: Path, field: str) -> None:
    (tmp_path / "secret.json").write_text("{}")
    root = write_files(tmp_path / "repository", **{".actor/actor.json": json.dumps({**REQUIRED, field: "./link"})})
    (root / ".actor/link").symlink_to("../../secret.json")
    with pytest.raises(Invalid, match=f"'./link' as {field}, which is outside of the source"):
        read_definition(root)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"readme": "./no.md"}, ["names the file './no.md' as readme, but there is no such file"]),
        ({"input": "./no.json"}, ["names the file './no.json' as input, but there is no such file"]),
        ({"changelog": "./no.md"}, ["names a file as changelog, but there is no such file"]),
        (
            {"dockerFile": "./Dockerfile"},
            ["unknown field 'dockerFile', which has no effect. Did you mean 'dockerfile'?"],
        ),
        ({"enviromentVariables": {}}, ["Did you mean 'environmentVariables'?"]),
        ({"nonsense": 1, "meta": {}, "scripts": {}}, ["has the unknown field 'nonsense', which has no effect."]),
        ({"readme": "../README.md", "title": "Hello"}, []),
    ],
)
def test_missing_files_and_unknown_fields_are_warnings(
    tmp_path: Path, fields: dict[str, Any], expected: list[str]
) -> None:
    root = write_files(tmp_path, **{"README.md": "", "INPUT_SCHEMA.json": schema_text("usual")})
    write_files(root, **{".actor/actor.json": json.dumps({**REQUIRED, **fields})})
    found = warnings(root, read_definition(root))
    assert len(found) == len(expected)
    assert all(text in warning for text, warning in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("memory", "warning"),
    [
        (512, None),
        ("input.n * 512", None),
        (
            "5 +",
            "defaultMemoryMbytes in .actor/actor.json is not a valid expression (it ends too early). Runs get the"
            " Actor's default memory instead.",
        ),
    ],
)
def test_an_invalid_memory_expression_is_a_warning(tmp_path: Path, memory: int | str, warning: str | None) -> None:
    found = warnings(tmp_path, Definition(document={**REQUIRED, "defaultMemoryMbytes": memory}))
    assert found == ([] if warning is None else [warning])
