"""The images of builds on the engine: each build has a name for its image, and several builds can share one image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from runtime.base.records import Build
from runtime.containers import (
    BuildFailed,
    BuildLines,
    BuildSpec,
    Containers,
    Image,
    PullFailed,
    WrongArchitecture,
)
from runtime.database import Database

STAND_INS = {
    "apify/actor-node": "make setup",
    "apify/actor-python": "make setup",
    "apify/actor-node-playwright-chrome": "make browser-images NAMES={image}",
    "apify/actor-node-puppeteer-chrome": "make browser-images NAMES={image}",
    "apify/actor-python-playwright": "make browser-images NAMES={image}",
}
"""The commands that build a stand-in of a base image, in a clone of Greenroom."""
PLATFORM = "linux/amd64"
"""The platform of Apify's own machines. Every base image of Apify supports it."""


class BuildImages:
    """The images of one instance. The engine removes an image when its last name is removed."""

    def __init__(self, *, containers: Containers, database: Database, instance_id: str) -> None:
        self._containers = containers
        self._database = database
        self._repository = f"greenroom-{instance_id.lower()}"

    def name(self, build: Build) -> str:
        return f"{self._repository}:{build.id}"

    async def exists(self, build: Build) -> bool:
        """Return whether the engine still has the image of the build: users can delete images without Greenroom."""
        return build.image is not None and await self._containers.image(build.image) is not None

    async def ids(self, names: Iterable[str]) -> dict[str, str] | None:
        """Return the id of each image; None if the engine does not have all of them."""
        images = {name: await self._containers.image(name) for name in names}
        ids = {name: image.id for name, image in images.items() if image is not None}
        return ids if len(ids) == len(images) else None

    async def build(self, spec: BuildSpec, log: BuildLines) -> Image:
        """Build on the engine. A base image that lacks this machine's architecture is emulated. Raises BuildFailed."""
        try:
            return await self._build(spec, log)
        except WrongArchitecture as problem:
            log(f"ACTOR: {problem}".splitlines())
            log([f"ACTOR: Building for {PLATFORM} instead, which this machine has to emulate."])
            return await self._build(replace(spec, platform=PLATFORM), log)

    async def _build(self, spec: BuildSpec, log: BuildLines) -> Image:
        try:
            return await self._containers.build(spec, log)
        except PullFailed as problem:
            missing = [name for name in spec.images if await self._containers.image(name) is None]
            raise BuildFailed(pull_message(missing, str(problem).strip())) from problem

    async def reuse(self, build: Build, fingerprint: str) -> tuple[Build, Image] | None:
        """Name the image of an earlier build with the same fingerprint for this build too.

        Returns the earlier build and its image; None if there is none.
        """
        for cached_build in self._database.builds.by_fingerprint(build.actor_id, fingerprint):
            image = await self._containers.image(cached_build.image) if cached_build.image is not None else None
            if image is not None:
                await self._containers.name_image(image, self.name(build))
                return cached_build, image
        return None

    async def delete(self, build: Build) -> None:
        """Remove the build's name from its image."""
        if build.image is not None:
            await self._containers.remove_image(self.name(build))

    async def delete_orphans(self) -> None:
        """Remove the names of deleted builds: a server may have crashed while it deleted one."""
        for name in await self._containers.image_names(self._repository):
            build = self._database.builds.get(name.rpartition(":")[2])
            if build is None or build.image is None:
                await self._containers.remove_image(name)


def pull_message(missing: list[str], reason: str) -> str:
    """Return why a build failed whose Dockerfile names these images, which the engine does not have."""
    name = missing[0] if missing else ""
    subject = f"The base image {name}" if name else "A base image"
    command = STAND_INS.get(name.partition(":")[0], "").format(image=name)
    advice = f" Without a registry, `{command}` in a clone of Greenroom builds a stand-in for it." if command else ""
    pull = f"`docker pull {name}`" if name else "`docker pull`"
    return (
        f"{subject} is not on this machine and could not be pulled: {reason.rstrip('.')}. Check its name, and test the"
        f" connection to its registry with {pull}.{advice}"
    )
