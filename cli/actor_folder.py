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
DEFINITION = ".actor/actor.json"
DISPLAY_FIELDS = ("title", "description")
ACTOR_FILES = (DEFINITION, ".actor/Dockerfile", "Dockerfile", "package.json", "main.js")
"""An Actor's folder contains at least one of these; without any, there is nothing to build."""

GIT_URL = re.compile(r"(?:https?|git|ssh|file)://\S+|[\w.-]+@[\w.-]+:\S+")


@dataclass(frozen=True, slots=True)
class ActorFolder:
    """The source of an Actor, with the fields of its definition: a folder at `path`, or a git repository at `git_url`.

    `display` has the title and description of a new Actor. `env_vars` is None if actor.json declares no variables.
    `secrets` are names of variables whose values only the `apify` command knows.
    """

    name: str
    display: dict[str, str]
    version: str
    build_tag: str
    env_vars: list[dict[str, str]] | None
    secrets: list[str]
    path: Path | None = None
    git_url: str | None = None

    @property
    def version_fields(self) -> JsonDict:
        """The version as the API takes it, without environment variables."""
        if self.git_url is None:
            source: JsonDict = {"sourceType": "SOURCE_FILES", "localFolder": str(self.path), "sourceFiles": []}
        else:
            source = {"sourceType": "GIT_REPO", "gitRepoUrl": self.git_url}
        return {"versionNumber": self.version, "buildTag": self.build_tag, **source}


def is_git_url(text: str) -> bool:
    return GIT_URL.fullmatch(text) is not None


def read_actor_folder(path: Path) -> ActorFolder:
    """Read an Actor's folder. Raises CommandError if it contains no Actor or its definition is not valid."""
    try:
        return _read(path.resolve())
    except OSError as error:
        raise CommandError(f"Cannot read {error.filename}: {error.strerror}.", exit_code=INVALID_INPUT) from error


def _read(path: Path) -> ActorFolder:
    if not any((path / file).is_file() for file in ACTOR_FILES):
        raise CommandError(
            f"{path} contains no Actor: it has none of the files {', '.join(ACTOR_FILES)}.",
            "Pass the folder that contains one of them.",
            exit_code=INVALID_INPUT,
        )
    definition = _definition(path / DEFINITION)
    return replace(of_definition(definition, path.name), path=path)


def in_repository(git_url: str, definition: JsonDict) -> ActorFolder:
    """Return the Actor in a git repository. Without a name in its definition, the folder or the repository names it."""
    repository, _, reference = git_url.partition("#")
    folder = reference.partition(":")[2].strip("/")
    last = (folder or repository.rstrip("/").removesuffix(".git")).rpartition("/")[2].rpartition(":")[2]
    return replace(of_definition(definition, last), git_url=git_url)


def of_definition(definition: JsonDict, default_name: str) -> ActorFolder:
    """Return the fields of a definition. `default_name` may contain any character."""
    given = definition.get("environmentVariables")
    variables = given if isinstance(given, dict) else {}
    secrets = [name for name, value in variables.items() if str(value).startswith("@")]
    env_vars = [{"name": name, "value": str(value)} for name, value in variables.items() if name not in secrets]
    return ActorFolder(
        name=definition.get("name") or _dns_safe(default_name),
        display={field: definition[field] for field in DISPLAY_FIELDS if field in definition},
        version=definition.get("version") or "0.0",
        build_tag=definition.get("buildTag") or "latest",
        env_vars=env_vars if isinstance(given, dict) else None,
        secrets=secrets,
    )


def _definition(file: Path) -> dict[str, Any]:
    """Return the parsed actor.json, empty if there is none."""
    if not file.is_file():
        return {}
    try:
        definition = loads_with_comments(file.read_bytes())
    except ValueError as error:
        raise CommandError(f"{file} is not valid JSON: {error}", exit_code=INVALID_INPUT) from error
    if not isinstance(definition, dict):
        raise CommandError(f"{file} must contain a JSON object.", exit_code=INVALID_INPUT)
    for field in ("name", "version", "buildTag", *DISPLAY_FIELDS):
        if not isinstance(definition.get(field, ""), str):
            message = f"{file}: '{field}' must be a string, not {definition[field]!r}."
            raise CommandError(message, exit_code=INVALID_INPUT)
    return definition


def _dns_safe(name: str) -> str:
    """Return a valid Actor name: 3 to 63 letters, digits and dashes, with no dash first or last."""
    safe = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:MAX_NAME_LENGTH].rstrip("-")
    return safe if len(safe) >= MIN_NAME_LENGTH else f"actor-{safe}".rstrip("-")
