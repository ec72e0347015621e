"""Builds: from the source of a version to an image that runs can use."""

from runtime.builds.builder import Builder
from runtime.builds.builds import Builds, number_int
from runtime.builds.images import BuildImages
from runtime.builds.live_builds import LiveBuilds
from runtime.builds.sources import Sources

__all__ = ["BuildImages", "Builder", "Builds", "LiveBuilds", "Sources", "number_int"]
