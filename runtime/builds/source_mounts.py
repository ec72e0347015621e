"""Which files and folders of a local source are mounted over those of an image.

The mounts follow the Dockerfile: what it copies from its context is mounted where it was copied to. Everything else in
the image stays: installed packages, compiled files, and files of the base image in the same folder. The selection of
`greenroom push` and `.dockerignore` apply. A folder is mounted as a whole if all of it is selected, so new files appear
in live containers. Otherwise its entries are mounted one by one, and new ones appear in the next container.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runtime.base.errors import Invalid
from runtime.base.records import Build, SourceCopy
from runtime.base.source_paths import is_utf8
from runtime.builds import dockerignore, work_trees
from runtime.builds.cancellation import in_thread
from runtime.builds.dockerignore import DockerIgnore
from runtime.builds.push_selection import PushSelection

HARMLESS = frozenset({"__pycache__", ".DS_Store", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
"""Excluded entries that do not prevent the mount of the whole folder: they do not change what an Actor does."""
MAX_MOUNTS = 500
STARS = re.compile(r"\*{2,}")
"""In a source of COPY, several stars mean the same as one (Go's `filepath.Match`)."""


@dataclass(frozen=True, slots=True)
class SourceMount:
    """`source` is a path on this machine, `target` an absolute path in the container."""

    source: Path
    target: PurePosixPath


class LocalSource:
    """The files of a folder that a build would copy into its context."""

    def __init__(self, context: Path, selection: PushSelection, ignore: DockerIgnore) -> None:
        self.context = context
        self._selection = selection
        self._ignore = ignore

    def selects(self, path: Path) -> bool:
        """Return whether a file with this path, which may have been deleted, is part of the context."""
        name = path.relative_to(self.context).as_posix()
        return self._selection.includes(name) and not self._ignore.excludes(name)

    def includes(self, path: Path) -> bool:
        """Return whether the file or folder is part of the context, or may contain files that are."""
        name = path.relative_to(self.context).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()) or not is_utf8(path.name):
            return False
        is_selected = self._selection.may_include(name) if path.is_dir() else self._selection.includes(name)
        return is_selected and (not self._ignore.excludes(name) or (path.is_dir() and self._ignore.has_exceptions))

    def is_complete(self, folder: Path) -> bool:
        """Return whether everything in the folder is part of the context."""
        return all(
            entry.name in HARMLESS
            or entry.suffix == ".pyc"
            or (
                self.includes(entry)
                and not self._excludes_folder(entry)
                and (entry.is_file() or self.is_complete(entry))
            )
            for entry in folder.iterdir()
        )

    def _excludes_folder(self, path: Path) -> bool:
        """Return whether `.dockerignore` excludes the folder, although it may contain files that are included."""
        return path.is_dir() and self._ignore.excludes(path.relative_to(self.context).as_posix())


async def read_local_source(folder: Path, context: str) -> LocalSource:
    """Read which files belong to a build's context, relative to the Actor's folder. Raises Invalid."""
    root = await asyncio.to_thread(_context_folder, folder, context)
    ignored = await work_trees.ignored_paths(root)
    return await asyncio.to_thread(lambda: LocalSource(root, PushSelection(root, ignored), dockerignore.read(root)))


async def source_mounts(build: Build, folder: Path, working_folder: str) -> list[SourceMount]:
    """Return the mounts of the folder for a container of the build, in a stable order. Raises Invalid.

    Relative targets of the Dockerfile start at `working_folder`, which is the image's. The context may be outside of
    the folder only if the build was made from the folder. Actors can make all other builds, with any context.
    """
    if build.copies is None:
        raise Invalid("invalid-value", f"Build {build.number} does not record what its Dockerfile copies. Push again")
    source = await read_local_source(folder, build.context)
    if build.folder != str(folder) and not await asyncio.to_thread(_is_inside, source.context, folder):
        raise Invalid(
            "invalid-value",
            f"The build context of build {build.number} is outside of the folder, from which it was not built",
        )
    mounts = await in_thread(
        lambda _: _without_covered(_mounts(source, build.copies or (), PurePosixPath(working_folder)))
    )
    if len(mounts) > MAX_MOUNTS:
        raise Invalid(
            "invalid-value",
            f"The folder {folder} would need {len(mounts)} mounts, more than {MAX_MOUNTS}, because excluded files lie"
            " between those that belong to the source. Move them out of the source's folders",
        )
    return mounts


def _context_folder(folder: Path, context: str) -> Path:
    root = Path(os.path.normpath(folder / context))
    if not root.is_dir():
        raise Invalid("invalid-value", f"The folder {root} does not exist")
    return root


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def copied_to(copies: Iterable[SourceCopy], context: Path, path: Path) -> bool:
    """Return whether the image contains the file, as far as the Dockerfile's COPY instructions show."""
    return any(path == found or found in path.parents for copy in copies for found in _matches(context, copy.source))


def _mounts(source: LocalSource, copies: Sequence[SourceCopy], start: PurePosixPath) -> Iterator[SourceMount]:
    for copy in copies:
        target = start / copy.target
        for path in _matches(source.context, copy.source):
            if path.is_file() and source.includes(path):
                yield SourceMount(path, target / path.name if copy.into_folder else target)
            elif path.is_dir() and path != source.context and path.name == target.name:
                yield from _mounts_of(path, target, source)
            elif path.is_dir():
                yield from _mounts_in(path, target, source)


def _mounts_of(path: Path, target: PurePosixPath, source: LocalSource) -> Iterator[SourceMount]:
    if source.includes(path):
        if path.is_file() or source.is_complete(path):
            yield SourceMount(path, target)
        else:
            yield from _mounts_in(path, target, source)


def _mounts_in(folder: Path, target: PurePosixPath, source: LocalSource) -> Iterator[SourceMount]:
    for entry in sorted(folder.iterdir()):
        yield from _mounts_of(entry, target / entry.name, source)


def _matches(context: Path, pattern: str) -> list[Path]:
    """Return the paths of a source of COPY. Nothing outside the context matches, as in a build."""
    if PurePosixPath(pattern) == PurePosixPath():
        return [context]
    found = sorted(context.glob(STARS.sub("*", pattern.strip("/"))))
    return [path for path in found if path.resolve().is_relative_to(context.resolve())]


def _without_covered(mounts: Iterable[SourceMount]) -> list[SourceMount]:
    """Return one mount for each target, the last one, without those inside the target of another one."""
    by_target = {mount.target: mount for mount in mounts}
    return [each for target, each in by_target.items() if not any(parent in by_target for parent in target.parents)]
