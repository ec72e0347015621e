"""The files that `greenroom init` writes: a configuration file, a test and a workflow of GitHub Actions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cli.actors.folder import DEFINITION, read_actor_folder
from cli.errors import INVALID_INPUT, CommandError
from runtime.base.configuration_file import FILE, PYPROJECT
from runtime.base.json_text import Json, JsonDict, loads_with_comments

TEMPLATES = Path(__file__).parent / "templates"
SCHEMA_FILES = ("input_schema.json", "INPUT_SCHEMA.json")
DOCKERFILES = (".actor/Dockerfile", "Dockerfile")
BASE_IMAGE = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*\S*?(?P<language>node|python)", re.IGNORECASE | re.MULTILINE)
EMPTY_TEXT = '""'
EXAMPLES = {"integer": "0", "number": "0", "boolean": "false", "object": "{}", "array": "[]"}
"""Values for the types of input fields, in TOML."""
WORKFLOWS = ".github/workflows"


class Language(StrEnum):
    """The languages for which there is a test."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"


TESTS = {Language.PYTHON: "tests/test_actor.py", Language.JAVASCRIPT: "test/actor.test.mjs"}
"""The file of the test, and the part of its path after the last slash is the name of its template."""
COMMANDS = {
    Language.PYTHON: f"python -m pytest {TESTS[Language.PYTHON]}",
    Language.JAVASCRIPT: f"node --test {TESTS[Language.JAVASCRIPT]}",
    None: "greenroom run .",
}
SET_UP_NODE = """\
      - uses: actions/setup-node@v4
        with:
          node-version: "22"
"""


@dataclass(frozen=True, slots=True)
class Project:
    """The folder of an Actor, as far as the files depend on it.

    `root` is the root of its git repository, where GitHub reads workflows; without a repository, the folder itself.
    `missing_input` are required fields without a value, `prefills` is true if the input schema has prefilled values.
    """

    folder: Path
    root: Path
    name: str
    language: Language | None
    has_items: bool
    prefills: bool
    missing_input: Mapping[str, str]
    has_configuration: bool

    @property
    def workflow(self) -> Path:
        name = "greenroom" if self.folder == self.root else f"greenroom-{self.name}"
        return self.root / WORKFLOWS / f"{name}.yml"

    @property
    def test_command(self) -> str:
        return COMMANDS[self.language]


def read_project(folder: Path, configuration: Path | None) -> Project:
    """Read the folder of an Actor, to which this configuration file applies.

    Raises CommandError if it has no definition, or one that is not valid."""
    folder = folder.resolve()
    if not (folder / DEFINITION).is_file():
        raise CommandError(
            f"{folder} contains no Actor: it has no file {DEFINITION}.",
            "Pass the folder of an Actor, or create the file with `apify init` in this folder.",
            exit_code=INVALID_INPUT,
        )
    actor = read_actor_folder(folder)
    definition = _object(folder / DEFINITION)
    schema = _input_schema(folder, definition)
    fields = _objects(schema.get("properties"))
    return Project(
        folder=folder,
        root=next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder),
        name=actor.name,
        language=_language(folder),
        has_items="dataset" in _object_or_empty(definition.get("storages")),
        prefills=any("prefill" in field for field in fields.values()),
        missing_input={
            name: str(fields.get(name, {}).get("type", "string"))
            for name in _strings(schema.get("required"))
            if not {"prefill", "default"} & fields.get(name, {}).keys()
        },
        has_configuration=configuration == folder / PYPROJECT,
    )


def files_of(project: Project) -> Iterator[tuple[Path, str]]:
    """Yield the path and content of each file for a project."""
    if not project.has_configuration:
        yield project.folder / FILE, _configuration(project)
    if project.language:
        test = TESTS[project.language]
        template = _template(test.rpartition("/")[2])
        yield project.folder / test, template.replace("<MIN_ITEMS>", str(int(project.has_items)))
    yield project.workflow, _workflow(project)


def _configuration(project: Project) -> str:
    prefill = "prefill = true" if project.prefills else "# prefill = true"
    return _template(FILE).replace("<PREFILL>", prefill).replace("<INPUT>", _input_table(project))


def _input_table(project: Project) -> str:
    if not project.missing_input:
        return '# [run.input]\n# url = "http://localhost:8080"'
    lines = [f"# {_key(name)} = {EXAMPLES.get(kind, EMPTY_TEXT)}" for name, kind in project.missing_input.items()]
    return "\n".join(["# The input schema requires these fields:", "# [run.input]", *lines])


def _key(name: str) -> str:
    """Return a key of TOML, in quotes unless all its characters may stand without them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _workflow(project: Project) -> str:
    below_root = project.folder.relative_to(project.root).as_posix()
    directory = f"    defaults:\n      run:\n        working-directory: {json.dumps(below_root)}\n"
    values = {
        "<NAME>": project.name,
        "<WORKING_DIRECTORY>": "" if project.folder == project.root else directory,
        "<SET_UP>": SET_UP_NODE if project.language is Language.JAVASCRIPT else "",
        "<PACKAGES>": " pytest" if project.language is Language.PYTHON else "",
        "<TEST>": project.test_command,
    }
    text = _template("workflow.yml")
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _template(name: str) -> str:
    return (TEMPLATES / f"{name}.template").read_text()


def _language(folder: Path) -> Language | None:
    """Return the language of the base image; without one, that of the project's files."""
    for name in DOCKERFILES:
        file = folder / name
        images = list(BASE_IMAGE.finditer(file.read_text(errors="replace"))) if file.is_file() else []
        if images:
            return Language.JAVASCRIPT if images[-1]["language"].lower() == "node" else Language.PYTHON
    if (folder / "package.json").is_file():
        return Language.JAVASCRIPT
    is_python = any((folder / name).is_file() for name in ("requirements.txt", "pyproject.toml", "main.py"))
    return Language.PYTHON if is_python else None


def _input_schema(folder: Path, definition: JsonDict) -> JsonDict:
    """Return the input schema, empty if the Actor has none."""
    given = definition.get("input")
    if isinstance(given, dict):
        return given
    names = (given,) if isinstance(given, str) else SCHEMA_FILES
    file = next((each for name in names if (each := folder / ".actor" / name).is_file()), None)
    return _object(file) if file else {}


def _objects(value: Json) -> Mapping[str, JsonDict]:
    """Return the fields of an object that are objects themselves. The build reports what is wrong with the others."""
    return {name: field for name, field in _object_or_empty(value).items() if isinstance(field, dict)}


def _object_or_empty(value: Json) -> JsonDict:
    return value if isinstance(value, dict) else {}


def _strings(value: Json) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _object(file: Path) -> JsonDict:
    try:
        content = loads_with_comments(file.read_bytes())
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.", exit_code=INVALID_INPUT) from error
    except ValueError as error:
        raise CommandError(f"{file} is not valid JSON: {error}", exit_code=INVALID_INPUT) from error
    if not isinstance(content, dict):
        raise CommandError(f"{file} must contain a JSON object.", exit_code=INVALID_INPUT)
    return content
