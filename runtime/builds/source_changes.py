"""What a change of a local source needs: nothing, a new container, or a new build."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path

from runtime.base.records import Build
from runtime.builds.source_mounts import LocalSource, copied_to

BUILD_FILES = (
    *("Dockerfile", "*.Dockerfile", "Dockerfile.*", ".dockerignore", ".actorignore", ".gitignore", ".npmrc"),
    *("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock*"),
    *("requirements*.txt", "pyproject.toml", "setup.py", "setup.cfg", "poetry.lock", "uv.lock", "Pipfile*"),
)
"""Files that determine what a build installs, or which files it copies."""
ACTOR_FOLDER = ".actor"
COMPILED = frozenset({".ts", ".tsx", ".mts", ".cts"})
COMPILER_SETTINGS = "tsconfig.json"


class Need(StrEnum):
    NOTHING = "nothing"
    RESTART = "restart"
    REBUILD = "rebuild"


def need_of(build: Build, source: LocalSource, paths: Iterable[Path], *, compiles: bool) -> Need:
    """Return what the changes of these files need together. With `compiles`, containers compile TypeScript."""
    needs = {_need(build, source, path, compiles=compiles) for path in paths}
    return next((need for need in (Need.REBUILD, Need.RESTART) if need in needs), Need.NOTHING)


def _need(build: Build, source: LocalSource, path: Path, *, compiles: bool) -> Need:
    if path.is_dir():  # its files are reported, too
        return Need.NOTHING
    if ACTOR_FOLDER in path.parts:
        return Need.REBUILD
    if not path.is_relative_to(source.context) or not source.selects(path):
        return Need.NOTHING
    if any(fnmatch(path.name, pattern) for pattern in BUILD_FILES):
        return Need.REBUILD
    if not copied_to(build.copies or (), source.context, path) or _remains_in_image(source, path):
        return Need.REBUILD
    is_compiled = path.suffix in COMPILED and (source.context / COMPILER_SETTINGS).is_file()
    return Need.REBUILD if is_compiled and not compiles else Need.RESTART


def _remains_in_image(source: LocalSource, path: Path) -> bool:
    """Return whether the file was deleted here, but containers would still see the one of the image."""
    folder = path.parent
    return not path.exists() and (folder == source.context or not folder.is_dir() or not source.is_complete(folder))
