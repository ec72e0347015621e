"""The recipe of a build: which Dockerfile builds the source, and from which folder.

Source: "Actor definition" and "Dockerfile" in the platform's documentation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.base.errors import Invalid
from runtime.base.records import Definition
from runtime.base.source_paths import resolve_path
from runtime.builds import dockerfile_parsing, dockerignore
from runtime.builds.dockerfile_parsing import Dockerfile
from runtime.builds.sources import Source

USUAL_DOCKERFILES = (".actor/Dockerfile", "Dockerfile")
PACKAGE = "package.json"
PYTHON_FILES = ("requirements.txt", "pyproject.toml", "setup.py", "Pipfile")
PYTHON_SCRIPTS = ("main.py", "app.py")
NODE_TAG = "24"
PYTHON_TAG = "3.13"
BETA_TAG = "beta"
PATH_ARGUMENT = "ACTOR_PATH_IN_DOCKER_CONTEXT"
"""The build argument with the Actor's folder inside the context, for repositories with several Actors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`dockerfile_path` is where the Dockerfile is on this machine.

    `found_at` is its path relative to the Actor's folder, or to the whole source if it is outside that folder. It is
    empty for the default Dockerfile. `missing` is the Dockerfile that actor.json names, if there is no such file.
    `has_package` is whether the source has a package.json.
    """

    context: Path
    dockerfile: Dockerfile
    dockerfile_path: Path
    found_at: str
    missing: str | None
    has_package: bool
    build_args: Mapping[str, str]


def find_recipe(source: Source, definition: Definition, default_path: Path, *, beta: bool) -> Recipe:
    """Find the Dockerfile of the source, or write the platform's default one to `default_path`. Raises Invalid."""
    context = _context(source, definition)
    _check_ignore_file(context, source.tree)
    named = _named_dockerfile(source, definition)
    path = named or _usual_dockerfile(source)
    missing = definition.dockerfile if named is None else None
    if path is None:
        _check_default_fits(source, missing)
    found_at = "" if path is None else _shown_path(path, source)
    if path is None:
        path = default_path
        path.write_text(default_dockerfile(source.actor_folder, beta=beta))
    dockerfile = dockerfile_parsing.parse(path.read_bytes().decode(errors="replace"))
    _check_mounts(dockerfile)
    return Recipe(
        context=context,
        dockerfile=dockerfile,
        dockerfile_path=path,
        found_at=found_at,
        missing=missing,
        has_package=_has_package(source),
        build_args=(
            {} if definition.docker_context is None else {PATH_ARGUMENT: os.path.relpath(source.actor_folder, context)}
        ),
    )


def default_dockerfile(actor_folder: Path, *, beta: bool) -> str:
    """Return the platform's default: Node.js with production dependencies. The base image starts the Actor."""
    install = ["COPY package*.json ./", "RUN npm install --omit=dev --omit=optional --no-audit --no-fund"]
    return "\n".join(
        [
            f"FROM apify/actor-node:{BETA_TAG if beta else NODE_TAG}",
            *(install if (actor_folder / PACKAGE).is_file() else []),
            "COPY . ./\n",
        ]
    )


def _context(source: Source, definition: Definition) -> Path:
    """Return the folder that `dockerContextDir` names, or the Actor's own folder.

    The whole repository is not the default: then every change elsewhere in it would change the image.
    """
    declared = definition.docker_context
    if declared is None:
        return source.actor_folder
    context = resolve_path(source.actor_folder / ".actor", declared)
    if not context.is_relative_to(source.tree.resolve()) or not context.is_dir():
        raise Invalid(
            "invalid-value", f".actor/actor.json: 'dockerContextDir' {declared!r} is not a folder of the source"
        )
    return context


def _check_ignore_file(context: Path, tree: Path) -> None:
    """Reject a link to a file outside the source, because the file is read through it."""
    path = resolve_path(context, dockerignore.FILE)
    if path.exists() and not (path.is_file() and path.is_relative_to(tree.resolve())):
        raise Invalid("invalid-value", f"{dockerignore.FILE} must be a file of the source")


def _check_mounts(dockerfile: Dockerfile) -> None:
    if dockerfile.mounts_ssh:
        raise Invalid(
            "invalid-value",
            "The Dockerfile has RUN --mount=type=ssh, but builds have no SSH agent. Make the key a variable of the"
            " version, set applyEnvVarsToBuild, and mount it with RUN --mount=type=secret,id=NAME",
        )


def _named_dockerfile(source: Source, definition: Definition) -> Path | None:
    """Return the Dockerfile that actor.json names, if it exists."""
    name = definition.dockerfile
    return None if name is None else _file(source.actor_folder / ".actor", name, source.tree)


def _usual_dockerfile(source: Source) -> Path | None:
    usual = (_file(source.actor_folder, path, source.tree) for path in USUAL_DOCKERFILES)
    return next((found for found in usual if found is not None), None)


def _check_default_fits(source: Source, missing: str | None) -> None:
    """Reject a source that the default Dockerfile cannot run: it is for Node.js."""
    if missing is not None:
        raise Invalid(
            "invalid-value", f".actor/actor.json names the Dockerfile '{missing}', but the source has no Dockerfile"
        )
    if not _has_package(source) and _is_python(source.actor_folder):
        raise Invalid(
            "invalid-value",
            "This is a Python project without a Dockerfile, and the platform's default Dockerfile is for Node.js."
            f" Create the file .actor/Dockerfile, for example with this content:\n{_python_dockerfile(source)}",
        )


def _has_package(source: Source) -> bool:
    return (source.actor_folder / PACKAGE).is_file()


def _is_python(folder: Path) -> bool:
    """Return whether the folder has Python sources, and no JavaScript that the default Dockerfile could start."""
    has_python = any((folder / name).is_file() for name in PYTHON_FILES) or any(folder.glob("*.py"))
    has_module = any(folder.glob("*/__main__.py")) or any(folder.glob("src/*.py"))
    return (has_python or has_module) and not (folder / "main.js").is_file()


def _python_dockerfile(source: Source) -> str:
    """Return a Dockerfile that installs the project's requirements and starts its module or script."""
    folder = source.actor_folder
    modules = sorted(path.parent.name for path in folder.glob("*/__main__.py"))
    scripts = [name for name in PYTHON_SCRIPTS if (folder / name).is_file()]
    start = ["-m", modules[0]] if modules and "src" not in modules else scripts[:1] or ["-m", "src"]
    install, copy = ["COPY requirements.txt ./", "RUN pip install -r requirements.txt"], ["COPY . ./"]
    if not (folder / "requirements.txt").is_file():
        is_package = any((folder / name).is_file() for name in ("pyproject.toml", "setup.py"))
        install, copy = [], [*copy, *(["RUN pip install ."] if is_package else [])]
    command = ", ".join(f'"{word}"' for word in ["python", *start])
    lines = [f"FROM apify/actor-python:{PYTHON_TAG}", *install, *copy, f"CMD [{command}]"]
    return "\n".join(f"    {line}" for line in lines)


def _file(folder: Path, name: str, tree: Path) -> Path | None:
    """Return the file with this name, or one whose name differs only by case. Raises Invalid if it is outside."""
    path = resolve_path(folder, name)
    if not path.is_relative_to(tree.resolve()):
        raise Invalid("invalid-value", f"The Dockerfile {name!r} is outside of the source")
    if path.is_file():
        return path
    if not path.parent.is_dir():
        return None
    similar = (each for each in sorted(path.parent.iterdir()) if each.name.lower() == path.name.lower())
    return next((_file(path.parent, each.name, tree) for each in similar if each.is_file()), None)


def _shown_path(dockerfile: Path, source: Source) -> str:
    actor_folder = source.actor_folder.resolve()
    return str(
        dockerfile.relative_to(actor_folder if dockerfile.is_relative_to(actor_folder) else source.tree.resolve())
    )
