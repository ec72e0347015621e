"""Reads the folder of an Actor, which is the source of one of its versions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cli.errors import INVALID_INPUT, CommandError
from runtime.base.json_text import JsonDict, loads_with_comments

MAX_NAME_LENGTH = 63
MIN_NAME_LENGTH = 3
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
VERSION_WITH_PATCH = re.compile(r"([0-9]+\.[0-9]+)\.[0-9]+")
DEFINITION = ".actor/actor.json"
LEGACY_DEFINITION = "apify.json"
"""The file that `apify push` converts to an actor.json (apify-cli 1.10, `useActorConfig`)."""
DISPLAY_FIELDS = ("title", "description")
ACTOR_FILES = (DEFINITION, LEGACY_DEFINITION, ".actor/Dockerfile", "Dockerfile", "package.json", "main.js")
"""An Actor's folder contains at least one of these; without any, there is nothing to build."""

GIT_URL = re.compile(r"(?:https?|git|ssh|file)://\S+|[\w.-]+@[\w.-]+:\S+")


@dataclass(frozen=True, slots=True)
class ActorFolder:
    """The source of an Actor, with the fields of its definition: a folder at `path`, a git repository at `git_url`, or
    `source_files` as the API takes them.

    `display` has the title and description of a new Actor. `env_vars` is None if actor.json declares no variables.
    `secrets` are names of variables whose values only the `apify` command knows. `remarks` are about fields whose
    values the platform does not accept, and that were replaced.
    """

    name: str
    display: dict[str, str]
    version: str
    build_tag: str
    env_vars: list[dict[str, str]] | None
    secrets: list[str]
    remarks: dict[str, str]
    path: Path | None = None
    git_url: str | None = None
    source_files: tuple[JsonDict, ...] | None = None

    @property
    def version_fields(self) -> JsonDict:
        """The version as the API takes it, without environment variables."""
        source: JsonDict
        if self.source_files is not None:
            source = {"sourceType": "SOURCE_FILES", "sourceFiles": list(self.source_files)}
        elif self.git_url is not None:
            source = {"sourceType": "GIT_REPO", "gitRepoUrl": self.git_url}
        else:
            source = {"sourceType": "SOURCE_FILES", "localFolder": str(self.path), "sourceFiles": []}
        return {"versionNumber": self.version, "buildTag": self.build_tag, **source}


def is_git_url(text: str) -> bool:
    return GIT_URL.fullmatch(text) is not None


def read_actor_folder(path: Path) -> ActorFolder:
    """Read an Actor's folder. Raises CommandError if it contains no Actor or its definition is not valid."""
    try:
        return _read(path.resolve())
    except OSError as error:
        raise CommandError(f"Cannot read {error.filename}: {error.strerror}.", exit_code=INVALID_INPUT) from error


def read_build_context(path: Path) -> Path | None:
    """Return the folder outside of the Actor's that actor.json names as its build context."""
    try:
        context = loads_with_comments((path / DEFINITION).read_bytes()).get("dockerContextDir")
        found = (path / ".actor" / context).resolve()
    except (OSError, ValueError, AttributeError, TypeError):  # the build reports what is wrong with it
        return None
    return found if found.is_dir() and not found.is_relative_to(path) else None


def _read(path: Path) -> ActorFolder:
    if not any((path / file).is_file() for file in ACTOR_FILES):
        raise CommandError(
            f"{path} contains no Actor: it has none of the files {', '.join(ACTOR_FILES)}.",
            "Pass the folder that contains one of them.",
            exit_code=INVALID_INPUT,
        )
    file = path / (DEFINITION if (path / DEFINITION).is_file() else LEGACY_DEFINITION)
    return replace(of_definition(_definition(file), path.name, file.name), path=path)


def in_repository(git_url: str, definition: JsonDict) -> ActorFolder:
    """Return the Actor in a git repository. Without a name in its definition, the folder or the repository names it."""
    repository, _, reference = git_url.partition("#")
    folder = reference.partition(":")[2].strip("/")
    last = (folder or repository.rstrip("/").removesuffix(".git")).rpartition("/")[2].rpartition(":")[2]
    return replace(of_definition(definition, last, DEFINITION), git_url=git_url)


def of_definition(definition: JsonDict, default_name: str, file_name: str) -> ActorFolder:
    """Return the fields of a definition. `default_name` may contain any character. `file_name` is for the remarks."""
    given = definition.get("environmentVariables")
    variables = given if isinstance(given, dict) else {}
    secrets = [name for name, value in variables.items() if str(value).startswith("@")]
    env_vars = [{"name": name, "value": str(value)} for name, value in variables.items() if name not in secrets]
    name, version = definition.get("name") or default_name, definition.get("version") or "0.0"
    folder = ActorFolder(
        name=_valid_name(name),
        display={field: definition[field] for field in DISPLAY_FIELDS if field in definition},
        version=_valid_version(version),
        build_tag=definition.get("buildTag") or "latest",
        env_vars=env_vars if isinstance(given, dict) else None,
        secrets=secrets,
        remarks={},
    )
    folder.remarks.update(_remarks(folder, definition, file_name))
    return folder


def _remarks(folder: ActorFolder, definition: JsonDict, file_name: str) -> dict[str, str]:
    used = {"name": folder.name, "version": folder.version}
    rules = {"name": "must have 3 to 63 letters, digits and dashes", "version": "must be MAJOR.MINOR"}
    return {
        field: f"{file_name}: the {field} {definition[field]!r} {rules[field]} on the platform."
        f" Using {value!r} instead."
        for field, value in used.items()
        if definition.get(field) and definition[field] != value
    }


def _definition(file: Path) -> dict[str, Any]:
    """Return the parsed definition, empty if there is none."""
    if not file.is_file():
        return {}
    try:
        definition: Any = loads_with_comments(file.read_bytes())
    except ValueError as error:
        raise CommandError(f"{file} is not valid JSON: {error}", exit_code=INVALID_INPUT) from error
    if not isinstance(definition, dict):
        raise CommandError(f"{file} must contain a JSON object.", exit_code=INVALID_INPUT)
    fields = _converted(definition) if file.name == LEGACY_DEFINITION else definition
    for field in ("name", "version", "buildTag", *DISPLAY_FIELDS):
        if not isinstance(fields.get(field, ""), str):
            message = f"{file}: '{field}' must be a string, not {fields[field]!r}."
            raise CommandError(message, exit_code=INVALID_INPUT)
    return fields


def _converted(legacy: dict[str, Any]) -> dict[str, Any]:
    """Return the actor.json that corresponds to an apify.json. In the oldest form, its version is an object."""
    version = legacy.get("version")
    if isinstance(version, dict):
        env_vars = [each for each in version.get("envVars") or [] if isinstance(each, dict)]
        variables = {str(each["name"]): each["value"] for each in env_vars if each.get("name") and each.get("value")}
        legacy = {"name": legacy.get("name"), "env": variables, **version, "version": version.get("versionNumber")}
    fields = {field: legacy.get(field) for field in ("name", "version", "buildTag")}
    return {
        **{field: value for field, value in fields.items() if value is not None},
        **({"environmentVariables": legacy["env"]} if legacy.get("env") else {}),
    }


def _valid_version(version: str) -> str:
    """Return MAJOR.MINOR of a version that also has a PATCH; other versions as they are."""
    with_patch = VERSION_WITH_PATCH.fullmatch(version)
    return with_patch[1] if with_patch else version


def is_actor_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None and MIN_NAME_LENGTH <= len(name) <= MAX_NAME_LENGTH


def _valid_name(name: str) -> str:
    return name if is_actor_name(name) else _dns_safe(name)


def _dns_safe(name: str) -> str:
    """Return a valid Actor name: 3 to 63 lower-case letters, digits and dashes, with no dash first or last."""
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_NAME_LENGTH].rstrip("-")
    return safe if len(safe) >= MIN_NAME_LENGTH else f"actor-{safe}".rstrip("-")
