"""A folder as the source of an Actor's version: what its `.actor/actor.json` says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import INVALID_INPUT, Problem
from runtime.base.json_text import loads_with_comments

MAX_NAME_LENGTH = 63
MIN_NAME_LENGTH = 3
DEFINITION = ".actor/actor.json"
ABOUT = ("title", "description")
MARKS = (DEFINITION, ".actor/Dockerfile", "Dockerfile", "package.json", "main.js")
"""What a folder has one of at least, or else nothing could be built of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """`about` is what a new Actor gets beside its name, `env_vars` are None where actor.json has none of its own, and
    `secrets` those of the `apify` command alone.
    """

    folder: Path
    name: str
    about: dict[str, str]
    version: str
    build_tag: str
    env_vars: list[dict[str, str]] | None
    secrets: list[str]


def read(folder: Path) -> Source:
    """The folder as a source. Raises Problem for one that is no Actor's, or a definition that cannot be read."""
    try:
        return _read(folder.resolve())
    except OSError as problem:
        raise Problem(f"{problem.filename} cannot be read: {problem.strerror}.", exit_code=INVALID_INPUT) from problem


def _read(folder: Path) -> Source:
    if not any((folder / mark).is_file() for mark in MARKS):
        raise Problem(
            f"There is no Actor in {folder}: it has neither {DEFINITION} nor a Dockerfile nor a package.json.",
            "Give the folder that holds one of them.",
            exit_code=INVALID_INPUT,
        )
    definition = _definition(folder / DEFINITION)
    given = definition.get("environmentVariables")
    variables = given if isinstance(given, dict) else {}
    secrets = [name for name, value in variables.items() if str(value).startswith("@")]
    env_vars = [{"name": name, "value": str(value)} for name, value in variables.items() if name not in secrets]
    return Source(
        folder=folder,
        name=definition.get("name") or _dns_safe(folder.name),
        about={field: definition[field] for field in ABOUT if field in definition},
        version=definition.get("version") or "0.0",
        build_tag=definition.get("buildTag") or "latest",
        env_vars=env_vars if isinstance(given, dict) else None,
        secrets=secrets,
    )


def _definition(file: Path) -> dict[str, Any]:
    """The parsed actor.json; empty where there is none."""
    if not file.is_file():
        return {}
    try:
        definition = loads_with_comments(file.read_bytes())
    except ValueError as problem:
        raise Problem(f"{file} is not valid JSON: {problem}", exit_code=INVALID_INPUT) from problem
    if not isinstance(definition, dict):
        raise Problem(f"{file} must hold a JSON object.", exit_code=INVALID_INPUT)
    for field in ("name", "version", "buildTag", *ABOUT):
        if not isinstance(definition.get(field, ""), str):
            raise Problem(f"{file}: '{field}' must be text, not {definition[field]!r}.", exit_code=INVALID_INPUT)
    return definition


def _dns_safe(name: str) -> str:
    """An Actor name the platform takes: letters, digits and dashes inside, 3 to 63 of them."""
    safe = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:MAX_NAME_LENGTH].rstrip("-")
    return safe if len(safe) >= MIN_NAME_LENGTH else f"actor-{safe}".rstrip("-")
