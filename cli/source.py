"""A folder as the SOURCE_FILES of an Actor's version.

What is left out: version control, installed packages, local storages, what `.gitignore` files name (nested ones and
those above the folder included) and what `.dockerignore` names. `.actor/` always goes along, as with `apify push`.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec, PathSpec

from cli.problem import INVALID_INPUT, Problem

MAX_BYTES = 3_145_728
"""The platform's limit on a version's inline source; `apify push` sends more as an archive."""
MAX_NAME_LENGTH = 63
MIN_NAME_LENGTH = 3
NEVER_SENT = frozenset({".git", "node_modules", ".venv", "__pycache__"})
NEVER_SENT_FROM_ROOT = frozenset({"storage", "apify_storage", "crawlee_storage"})
LARGEST_SHOWN = 5
DEFINITION = ".actor/actor.json"
READ_BY_THE_SERVER = frozenset({"Dockerfile", ".dockerignore", "INPUT_SCHEMA.json", "README.md", "CHANGELOG.md"})
"""A build needs these beside the image's context, so `.dockerignore` does not keep them."""

SourceFile = dict[str, str]
"""`{"name", "format": "TEXT" | "BASE64", "content"}`, as the API takes it."""


@dataclass(frozen=True, slots=True)
class Source:
    """`env_vars` is None where actor.json has none of its own; `left_out` says which entries could not go along."""

    name: str
    version: str
    build_tag: str
    env_vars: list[dict[str, str]] | None
    files: list[SourceFile]
    left_out: list[str]


def read(folder: Path) -> Source:
    """The folder's source. Raises Problem for a tree over the limit or a definition that cannot be read."""
    try:
        return _read(folder.resolve())
    except OSError as problem:
        raise Problem(f"{problem.filename} cannot be read: {problem.strerror}.", exit_code=INVALID_INPUT) from problem


def _read(folder: Path) -> Source:
    definition = _definition(folder / DEFINITION)
    tree = _Tree(folder)
    paths = sorted(tree.files(), key=lambda path: _name(folder, path))
    if not paths:
        raise Problem(f"{folder} holds no file to build an Actor from.", exit_code=INVALID_INPUT)
    _check_size(folder, paths)
    return Source(
        name=definition.get("name") or _dns_safe(folder.name),
        version=definition.get("version") or "0.0",
        build_tag=definition.get("buildTag") or "latest",
        env_vars=_env_vars(definition, tree.left_out),
        files=[_source_file(_name(folder, path), path.read_bytes()) for path in paths],
        left_out=tree.left_out,
    )


class _Tree:
    """One walk over a folder. `left_out` fills while it goes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.left_out: list[str] = []
        self._docker_ignores = _DockerIgnore(root / ".dockerignore")

    def files(self) -> Iterator[Path]:
        return self._walk(self.root, _ignores_above(self.root), frozenset({self.root}))

    def _walk(self, directory: Path, ignores: list[_GitIgnore], real_above: frozenset[Path]) -> Iterator[Path]:
        ignores = [*ignores, *_ignores_of(directory)]
        for path in directory.iterdir():
            if self._is_left_out(path, ignores) or not self._can_go(path, real_above):
                continue
            if path.is_dir():
                yield from self._walk(path, ignores, real_above | {path.resolve()})
            else:
                yield path

    def _is_left_out(self, path: Path, ignores: list[_GitIgnore]) -> bool:
        name = _name(self.root, path)
        if path.name in NEVER_SENT or name in NEVER_SENT_FROM_ROOT:
            return True
        if name.partition("/")[0] == ".actor":
            return False
        return _is_git_ignored(path, ignores) or self._docker_ignores.matches(name, path.is_dir())

    def _can_go(self, path: Path, real_above: frozenset[Path]) -> bool:
        why_not = self._obstacle(path, real_above)
        if why_not:
            self.left_out.append(f"{_name(self.root, path)!r}: {why_not}")
        return not why_not

    def _obstacle(self, path: Path, real_above: frozenset[Path]) -> str | None:
        if path.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(self.root):
                return "a link out of the folder"
            if target in real_above:
                return "a link to a folder that holds it"
        if not path.is_dir() and not path.is_file():
            return "neither a file nor a folder"
        return None if _is_utf8(path.name) else "a name that is not UTF-8"


@dataclass(frozen=True, slots=True)
class _GitIgnore:
    """One .gitignore file: patterns that hold from `base` down."""

    base: Path
    spec: GitIgnoreSpec

    def says(self, path: Path) -> bool | None:
        """True: ignored; False: taken back by a `!` pattern; None: not its matter."""
        name = _name(self.base, path) + ("/" if path.is_dir() else "")
        return self.spec.check_file(name).include


def _is_git_ignored(path: Path, ignores: list[_GitIgnore]) -> bool:
    """The nearest .gitignore that says anything decides."""
    answers = (ignore.says(path) for ignore in reversed(ignores))
    return next((answer for answer in answers if answer is not None), False)


def _ignores_of(directory: Path) -> list[_GitIgnore]:
    file = directory / ".gitignore"
    return [_GitIgnore(directory, GitIgnoreSpec.from_lines(_lines(file)))] if file.is_file() else []


def _ignores_above(folder: Path) -> list[_GitIgnore]:
    """Those of the repository around the folder; none where that repository ignores the folder itself."""
    above = reversed(_inside_repository(folder))
    ignores = [ignore for directory in above for ignore in _ignores_of(directory)]
    return [] if _is_git_ignored(folder, ignores) else ignores


def _inside_repository(folder: Path) -> list[Path]:
    """The folders above, up to the one that holds `.git`; none outside a repository."""
    above: list[Path] = []
    for directory in [folder, *folder.parents]:
        if directory != folder:
            above.append(directory)
        if (directory / ".git").exists():
            return above
    return []


class _DockerIgnore:
    """Docker's patterns are git's, anchored at the context's root, and a `!` also reaches into an ignored folder."""

    def __init__(self, file: Path) -> None:
        lines = _lines(file) if file.is_file() else []
        patterns = [_anchored(line) for line in map(str.strip, lines) if line and not line.startswith("#")]
        self._spec = PathSpec.from_lines("gitignore", patterns)
        self._takes_back = any(pattern.startswith("!") for pattern in patterns)

    def matches(self, name: str, is_folder: bool) -> bool:
        if name in READ_BY_THE_SERVER or (is_folder and self._takes_back):
            return False
        return self._spec.match_file(name)


def _anchored(line: str) -> str:
    mark, pattern = ("!", line[1:]) if line.startswith("!") else ("", line)
    return f"{mark}/{posixpath.normpath(pattern.strip()).lstrip('/')}"


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8-sig", errors="replace").splitlines()


def _name(base: Path, path: Path) -> str:
    return path.relative_to(base).as_posix()


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_size(folder: Path, paths: list[Path]) -> None:
    sizes = {path: path.stat().st_size for path in paths}
    total = sum(sizes.values())
    if total <= MAX_BYTES:
        return
    largest = sorted(paths, key=lambda path: -sizes[path])[:LARGEST_SHOWN]
    listed = "\n".join(f"{sizes[path]:>12,}  {_name(folder, path)}" for path in largest)
    raise Problem(
        f"The source is too large: {total:,} bytes in {len(paths)} files, and an Actor's source files may have"
        f" {MAX_BYTES:,} bytes together. The largest:\n{listed}",
        "Name what the Actor does not need in .dockerignore or .gitignore, or fetch it in the Dockerfile.",
        exit_code=INVALID_INPUT,
    )


def _source_file(name: str, data: bytes) -> SourceFile:
    """A file with a NUL byte is binary even where it happens to be UTF-8, as git sees it."""
    if b"\0" not in data:
        try:
            return {"name": name, "format": "TEXT", "content": data.decode()}
        except UnicodeDecodeError:
            pass
    return {"name": name, "format": "BASE64", "content": base64.b64encode(data).decode()}


def _definition(file: Path) -> dict[str, Any]:
    """The parsed actor.json; empty where there is none."""
    if not file.is_file():
        return {}
    try:
        definition = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError as problem:
        raise Problem(f"{file} is not valid JSON: {problem}", exit_code=INVALID_INPUT) from problem
    if not isinstance(definition, dict):
        raise Problem(f"{file} must hold a JSON object.", exit_code=INVALID_INPUT)
    for field in ("name", "version", "buildTag"):
        if not isinstance(definition.get(field, ""), str):
            raise Problem(f"{file}: '{field}' must be text, not {definition[field]!r}.", exit_code=INVALID_INPUT)
    return definition


def _env_vars(definition: dict[str, Any], left_out: list[str]) -> list[dict[str, str]] | None:
    """actor.json's `environmentVariables`. A value `@name` means a secret that only the `apify` command knows."""
    given = definition.get("environmentVariables")
    if not isinstance(given, dict):
        return None
    secrets = [name for name, value in given.items() if str(value).startswith("@")]
    left_out += [f"environment variable {name!r}: its value is a secret of the `apify` command" for name in secrets]
    return [{"name": name, "value": str(value)} for name, value in given.items() if name not in secrets]


def _dns_safe(name: str) -> str:
    """An Actor name the platform takes: letters, digits and dashes inside, 3 to 63 of them."""
    safe = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:MAX_NAME_LENGTH].rstrip("-")
    return safe if len(safe) >= MIN_NAME_LENGTH else f"actor-{safe}".rstrip("-")
