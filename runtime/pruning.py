"""Pruning: deletes the builds that nothing needs, with their images, when the server's operator asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.access.users import Users
from runtime.base.errors import GreenroomError
from runtime.base.records import Build
from runtime.builds import Builds


@dataclass(frozen=True, slots=True)
class Prunable:
    """Builds that can be deleted, oldest first, and the images that the engine then removes.

    `image_bytes` is the size of these images. The engine may free less, because images can share layers.
    """

    builds: list[Build]
    images: int
    image_bytes: int


class Pruning:
    """Finds and deletes builds that have an image, and that no tag, Actor or live run needs.

    Unlike retention, it also deletes the builds of ended runs. These runs stay, but cannot be resurrected.
    """

    def __init__(self, *, users: Users, builds: Builds) -> None:
        self._users = users
        self._builds = builds

    def find(self) -> Prunable:
        """Return what `prune` would delete now."""
        return self._prunable([build for user in self._users.all() for build in self._builds.unneeded(user)])

    async def prune(self) -> Prunable:
        """Delete these builds and return those that were deleted. Raises EngineUnavailable."""
        found = self.find()
        deleted = [build for build in found.builds if await self._delete(build)]
        return found if len(deleted) == len(found.builds) else self._prunable(deleted)

    async def _delete(self, build: Build) -> bool:
        try:
            await self._builds.delete(build)
        except GreenroomError:  # a run of this build was started or resurrected concurrently
            return False
        return True

    def _prunable(self, builds: list[Build]) -> Prunable:
        sizes = {build.image: build.image_size_bytes for build in builds if build.image}
        needed = self._builds.images_except(builds)
        freed = [size for image, size in sizes.items() if image not in needed]
        return Prunable(builds, len(freed), sum(freed))
