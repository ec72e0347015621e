"""The local source of a run: what its container mounts, and how it starts with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runtime.base.errors import Invalid
from runtime.base.json_text import loads
from runtime.base.records import Build
from runtime.builds.source_changes import COMPILER_SETTINGS, Need, need_of
from runtime.builds.source_mounts import read_local_source, source_mounts
from runtime.containers import Containers, Image, ImageMissing, Mount, StartFailed

COMPILE_FIRST = ("sh", "-c", 'npm run build && exec "$@"', "greenroom")
"""The start of a container that compiles its source before it starts the Actor."""


@dataclass(frozen=True, slots=True)
class DevSource:
    """`start` replaces the image's entry point and command; None leaves them."""

    mounts: Sequence[Mount]
    start: Sequence[str] | None


class DevSources:
    """Reads local folders for the containers of their Actors."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._has_compiler: dict[str, bool] = {}

    async def read(self, build: Build, folder: str) -> DevSource:
        """Return what a container of the build mounts from the folder. Raises StartFailed."""
        image = await self._containers.image(build.image or "")
        if image is None:
            raise ImageMissing(f"No such image: {build.image}")
        try:
            found = await source_mounts(build, Path(folder))
        except (Invalid, OSError) as problem:
            raise StartFailed(
                f"The dev folder {folder} cannot be mounted: {problem}. Start the run with devFolder=false, or push the"
                " Actor again"
            ) from problem
        compiles = await self._compiles(build, image, Path(folder))
        return DevSource(
            mounts=[Mount(str(each.source), str(PurePosixPath(image.working_folder) / each.target)) for each in found],
            start=[*COMPILE_FIRST, *image.start] if compiles else None,
        )

    async def need(self, build: Build, paths: Iterable[str]) -> Need:
        """Return what the changes of these files need. Raises Invalid."""
        folder = _folder(build)
        source = await read_local_source(folder, build.context)
        image = await self._containers.image(build.image or "")
        if image is None:
            return Need.REBUILD
        compiles = await self._compiles(build, image, folder)
        changed = [Path(path) for path in paths]
        return await asyncio.to_thread(need_of, build, source, changed, compiles=compiles)

    async def _compiles(self, build: Build, image: Image, folder: Path) -> bool:
        """Return whether containers compile the source: it is TypeScript, and the image has the compiler."""
        if not await asyncio.to_thread(_is_compiled_by_npm, folder / build.context):
            return False
        if image.id not in self._has_compiler:
            compiler = str(PurePosixPath(image.working_folder) / "node_modules" / "typescript")
            self._has_compiler[image.id] = await self._containers.image_contains(image, compiler)
        return self._has_compiler[image.id]


def _folder(build: Build) -> Path:
    if build.folder is None:
        raise Invalid("invalid-input", f"Build {build.number} was not made from a local folder")
    return Path(build.folder)


def _is_compiled_by_npm(context: Path) -> bool:
    if not (context / COMPILER_SETTINGS).is_file():
        return False
    try:
        package = loads((context / "package.json").read_bytes())
    except (OSError, ValueError):  # the build reports what is wrong with it
        return False
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return isinstance(scripts, dict) and "build" in scripts
