"""Folders of this machine as sources: which files belong to the Actor, and a copy of them.

Version control, installed packages and local storages are not copied, and neither is anything that `.dockerignore` or a
`.gitignore` file excludes, in the folder or above it. `.actor/` is always copied, as `apify push` does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from runtime.base.errors import Invalid
from runtime.base.source_paths import is_utf8
from runtime.builds import dockerignore
from runtime.builds.cancellation import Checkpoint

EXCLUDED = frozenset({".git", "node_modules", ".venv", "__pycache__"})
EXCLUDED_IN_ROOT = frozenset({"storage", "apify_storage", "crawlee_storage"})
READ_BY_BUILDS = frozenset({"Dockerfile", ".dockerignore", "INPUT_SCHEMA.json", "README.md", "CHANGELOG.md"})
"""Files that a build reads itself, so they are copied even if `.dockerignore` excludes them from the image."""


@dataclass(frozen=True, slots=True)
class Copied:
    """`skipped` lists the entries that could not be copied, each with the reason."""

    files: int
    skipped: list[str]


def copy_folder(folder: Path, to: Path, checkpoint: Checkpoint) -> Copied:
    """Copy the Actor's source into the empty folder `to`. Raises Invalid if there are no files."""
    if not folder.is_dir():
        raise Invalid("invalid-value", f"The folder {folder} of this version does not exist")
    tree = _Tree(folder.resolve())
    count = 0
    for path in tree.files():
        checkpoint()
        copy = to / path.relative_to(tree.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        count += 1
    if not count:
        raise Invalid("invalid-value", f"{folder} contains no files to build an Actor from")
    return Copied(count, tree.skipped)


class _Tree:
    """One walk through a folder, which adds to `skipped` as it proceeds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.skipped: list[str] = []
        self._docker_ignore = dockerignore.read(root)

    def files(self) -> Iterator[Path]:
        return self._walk(self.root, _ignores_above(self.root), frozenset({self.root}))

    def _walk(self, directory: Path, ignores: list[_GitIgnore], real_parents: frozenset[Path]) -> Iterator[Path]:
        ignores = [*ignores, *_ignores_of(directory)]
        for path in directory.iterdir():
            if self._is_excluded(path, ignores) or not self._can_copy(path, real_parents):
                continue
            if path.is_dir():
                yield from self._walk(path, ignores, real_parents | {path.resolve()})
            else:
                yield path

    def _is_excluded(self, path: Path, ignores: list[_GitIgnore]) -> bool:
        name = _name(self.root, path)
        if path.name in EXCLUDED or name in EXCLUDED_IN_ROOT:
            return True
        if name.partition("/")[0] == ".actor":
            return False
        return _is_git_ignored(path, ignores) or self._is_docker_ignored(name, path)

    def _is_docker_ignored(self, name: str, path: Path) -> bool:
        if name in READ_BY_BUILDS or (self._docker_ignore.has_exceptions and path.is_dir()):
            return False
        return self._docker_ignore.excludes(name)

    def _can_copy(self, path: Path, real_parents: frozenset[Path]) -> bool:
        obstacle = self._obstacle(path, real_parents)
        if obstacle:
            self.skipped.append(f"{_name(self.root, path)!r}: {obstacle}")
        return not obstacle

    def _obstacle(self, path: Path, real_parents: frozenset[Path]) -> str | None:
        if not path.is_dir() and not path.is_file():
            return "neither a file nor a folder"
        if path.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(self.root):
                return "a link out of the folder"
            if target in real_parents:
                return "a link to a folder that contains it"
        return None if is_utf8(path.name) else "a name that is not UTF-8"


@dataclass(frozen=True, slots=True)
class _GitIgnore:
    """One .gitignore file. Its patterns apply to everything below `base`."""

    base: Path
    spec: GitIgnoreSpec

    def match(self, path: Path) -> bool | None:
        """Return True if the path is ignored, False if a `!` pattern includes it, None if no pattern matches."""
        name = _name(self.base, path) + ("/" if path.is_dir() else "")
        return self.spec.check_file(name).include


def _is_git_ignored(path: Path, ignores: list[_GitIgnore]) -> bool:
    """The nearest .gitignore with a matching pattern decides."""
    matches = (ignore.match(path) for ignore in reversed(ignores))
    return next((match for match in matches if match is not None), False)


def _ignores_of(directory: Path) -> list[_GitIgnore]:
    file = directory / ".gitignore"
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return [_GitIgnore(directory, GitIgnoreSpec.from_lines(lines, backend="re2"))]


def _ignores_above(folder: Path) -> list[_GitIgnore]:
    """Return those of the repository that contains the folder; none if that repository ignores the folder itself."""
    parents = reversed(_parents_in_repository(folder))
    ignores = [ignore for directory in parents for ignore in _ignores_of(directory)]
    return [] if _is_git_ignored(folder, ignores) else ignores


def _parents_in_repository(folder: Path) -> list[Path]:
    """Return the parents of the folder up to the one that contains `.git`; none outside a repository."""
    parents: list[Path] = []
    for directory in [folder, *folder.parents]:
        if directory != folder:
            parents.append(directory)
        if (directory / ".git").exists():
            return parents
    return []


def _name(base: Path, path: Path) -> str:
    return path.relative_to(base).as_posix()
