"""Runs for development: the local source that a container mounts, and the debugger that it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from runtime.base.errors import Invalid
from runtime.base.json_text import loads
from runtime.base.records import Build, Run
from runtime.builds.source_changes import COMPILER_SETTINGS, Need, need_of
from runtime.builds.source_mounts import read_local_source, source_mounts
from runtime.containers import Containers, Image, ImageMissing, Mount, StartFailed
from runtime.runs.debugging import Language, debug_start, language_of

COMPILE_FIRST = ("sh", "-c", 'npm run build && exec "$@"', "greenroom")
"""The start of a container that compiles its source before it starts the Actor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What a container gets beside its usual parameters. `start` None leaves the image's entry point and command."""

    mounts: Sequence[Mount] = ()
    start: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    other_ports: Sequence[int] = ()


class Development:
    """Reads local folders for the containers of their Actors, and prepares containers for a debugger."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._has_compiler: dict[str, bool] = {}

    async def additions(self, run: Run, build: Build, environment: Mapping[str, str]) -> Additions:
        """Return what the run's next container gets for its dev folder and its debugger. Raises StartFailed."""
        folder, port = run.current_dev_folder, run.debug_port
        if folder is None and port is None:
            return Additions()
        image = await self._image(build)
        result = Additions()
        if port is not None:
            debug = debug_start(image, environment, port)
            result = Additions(
                mounts=debug.mounts, start=debug.start, environment=debug.environment, other_ports=[port]
            )
        return result if folder is None else await self._with_source(result, build, image, folder)

    async def _with_source(self, additions: Additions, build: Build, image: Image, folder: str) -> Additions:
        """Add the mounts of the folder, and compile its source before the Actor starts."""
        try:
            found = await source_mounts(build, Path(folder), image.working_folder)
        except (Invalid, OSError) as problem:
            raise StartFailed(
                f"The dev folder {folder} cannot be mounted: {problem}. Start the run with devFolder=false, or push the"
                " Actor again"
            ) from problem
        mounts = [Mount(str(each.source), str(each.target)) for each in found]
        start = additions.start
        if await self._compiles(image, Path(folder) / build.context):
            start = [*COMPILE_FIRST, *(image.start if start is None else start)]
        return replace(additions, mounts=[*additions.mounts, *mounts], start=start)

    async def debugger(self, build: Build) -> tuple[Language, str]:
        """Return the language that the image of the build starts, and its working directory. Raises Invalid."""
        try:
            image = await self._image(build)
            debug_start(image, {}, 1)
        except StartFailed as problem:
            raise Invalid("invalid-input", f"Build {build.number} cannot be debugged: {problem}") from problem
        return language_of(image), image.working_folder

    async def need(self, build: Build, paths: Iterable[str]) -> Need:
        """Return what the changes of these files need. Raises Invalid."""
        folder = _folder(build)
        source = await read_local_source(folder, build.context)
        image = await self._containers.image(build.image or "")
        if image is None:
            return Need.REBUILD
        compiles = await self._compiles(image, folder / build.context)
        changed = [Path(path) for path in paths]
        return await asyncio.to_thread(need_of, build, source, changed, compiles=compiles)

    async def _image(self, build: Build) -> Image:
        image = await self._containers.image(build.image or "")
        if image is None:
            raise ImageMissing(f"No such image: {build.image}")
        return image

    async def _compiles(self, image: Image, context: Path) -> bool:
        """Return whether containers compile the source: it is TypeScript, and the image has the compiler."""
        if not await asyncio.to_thread(_is_compiled_by_npm, context):
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
