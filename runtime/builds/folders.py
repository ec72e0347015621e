"""A folder of this machine as a source: what goes along, and a copy of that.

What is left out: version control, installed packages, local storages, what `.gitignore` files name (nested ones and
those above the folder included) and what `.dockerignore` names. `.actor/` always goes along, as with `apify push`.
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
from runtime.builds.cancelling import Checkpoint

NEVER_SENT = frozenset({".git", "node_modules", ".venv", "__pycache__"})
NEVER_SENT_FROM_ROOT = frozenset({"storage", "apify_storage", "crawlee_storage"})
READ_BY_THE_SERVER = frozenset({"Dockerfile", ".dockerignore", "INPUT_SCHEMA.json", "README.md", "CHANGELOG.md"})
"""A build needs these beside the image's context, so `.dockerignore` does not keep them."""


@dataclass(frozen=True, slots=True)
class Copied:
    """`left_out` says which entries could not go along, and why."""

    files: int
    left_out: list[str]


def copy_folder(folder: Path, to: Path, checkpoint: Checkpoint) -> Copied:
    """Copy what belongs to the Actor's source into the empty folder `to`. Raises Invalid where there is nothing."""
    if not folder.is_dir():
        raise Invalid("invalid-value", f"The folder {folder} of this version is not there")
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
        raise Invalid("invalid-value", f"{folder} holds no file to build an Actor from")
    return Copied(count, tree.left_out)


class _Tree:
    """One walk over a folder. `left_out` fills while it goes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.left_out: list[str] = []
        self._docker_ignore = dockerignore.read(root)

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
        return _is_git_ignored(path, ignores) or self._is_docker_ignored(name, path)

    def _is_docker_ignored(self, name: str, path: Path) -> bool:
        if name in READ_BY_THE_SERVER or (self._docker_ignore.takes_back and path.is_dir()):
            return False
        return self._docker_ignore.leaves_out(name)

    def _can_go(self, path: Path, real_above: frozenset[Path]) -> bool:
        why_not = self._obstacle(path, real_above)
        if why_not:
            self.left_out.append(f"{_name(self.root, path)!r}: {why_not}")
        return not why_not

    def _obstacle(self, path: Path, real_above: frozenset[Path]) -> str | None:
        if not path.is_dir() and not path.is_file():
            return "neither a file nor a folder"
        if path.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(self.root):
                return "a link out of the folder"
            if target in real_above:
                return "a link to a folder that holds it"
        return None if is_utf8(path.name) else "a name that is not UTF-8"


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
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return [_GitIgnore(directory, GitIgnoreSpec.from_lines(lines, backend="re2"))]


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


def _name(base: Path, path: Path) -> str:
    return path.relative_to(base).as_posix()
