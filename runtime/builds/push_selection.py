"""Which files of a local folder are the source of an Actor: those that `apify push` sends.

Version control, installed packages and local storages in the root of the folder are left out, and so is everything
that git ignores and does not track, or that `.actorignore` excludes. The patterns with `!` in `.actorignore` include
files even if git ignores them. `.actor/` is always included. `.dockerignore` has no effect: it is for the builder.

Source: `getActorLocalFilePaths` of the `apify` command 1.10, with which the tests compare the results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path

from runtime.base.lines import read_lines

NEVER = frozenset({".git", "node_modules", "storage", "apify_storage", "crawlee_storage"})
ALWAYS = ".actor"
ACTOR_IGNORE = ".actorignore"
GIT_IGNORE = ".gitignore"


class PushSelection:
    """The selection in one folder. `git_ignored` is what git ignores there, None outside a repository."""

    def __init__(self, folder: Path, git_ignored: frozenset[str] | None) -> None:
        self._git_ignored = git_ignored
        self._git_ignores = _GitIgnores(folder)
        lines = [line.strip() for line in _lines(folder / ACTOR_IGNORE)]
        self._excluded = _Patterns(line for line in lines if not line.startswith("!"))
        self._forced = _Patterns(line[1:] for line in lines if line.startswith("!"))

    def includes(self, name: str) -> bool:
        """Return whether a file belongs to the source. `name` is relative to the folder, with slashes."""
        root = name.partition("/")[0]
        if root in NEVER:
            return False
        return root == ALWAYS or self._forced.match(name) or not self._is_ignored(name)

    def may_include(self, name: str) -> bool:
        """Return whether a folder can contain files of the source."""
        root = name.partition("/")[0]
        if root in NEVER:
            return False
        return root == ALWAYS or self._forced.has_any or not self._is_ignored(f"{name}/")

    def _is_ignored(self, name: str) -> bool:
        return self._is_git_ignored(name) or self._excluded.match(name)

    def _is_git_ignored(self, name: str) -> bool:
        if self._git_ignored is None:
            return self._git_ignores.match(name)
        return any(path in self._git_ignored for path in _with_parents(name))


class _GitIgnores:
    """The `.gitignore` files in a folder and above it, for folders outside a repository and without git.

    Each file can only exclude: its `!` patterns do not include what another file excludes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._above = [
            (folder.relative_to(parent).as_posix(), _Patterns(_lines(parent / GIT_IGNORE))) for parent in _above(folder)
        ]
        self._of = cache(lambda parent: _Patterns(_lines(folder / parent / GIT_IGNORE)))

    def match(self, name: str) -> bool:
        if any(patterns.match(f"{path}/{name}") for path, patterns in self._above):
            return True
        parents = ["", *_with_parents(name)][:-1]
        return any(self._of(parent).match(name.removeprefix(parent)) for parent in parents)


class _Patterns:
    """Lines of a `.gitignore` file. Nothing in an excluded folder can be included again. Case is ignored."""

    def __init__(self, lines: Iterable[str]) -> None:
        from pathspec import GitIgnoreSpec  # one of the libraries that only builds need

        self._spec = GitIgnoreSpec.from_lines([line.lower() for line in lines], backend="re2")
        self.has_any = len(self._spec) > 0

    def match(self, name: str) -> bool:
        return self.has_any and any(self._spec.match_file(path) for path in _with_parents(name.lower()))


def _above(folder: Path) -> list[Path]:
    """Return the parents of the folder below the root of a repository, or below the root of the file system."""
    return list(takewhile(lambda parent: not (parent / ".git").exists(), folder.parents[:-1]))


def _with_parents(name: str) -> Iterator[str]:
    """Yield all folders on the path, each with a slash at its end, and then the path itself."""
    place = name.find("/")
    while 0 <= place < len(name) - 1:
        yield name[: place + 1]
        place = name.find("/", place + 1)
    yield name


def _lines(file: Path) -> list[str]:
    return read_lines(file) if file.is_file() else []
