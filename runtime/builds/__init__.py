"""Builds: a version's source, what its definition says, and the image that is made of both."""

from runtime.builds.builds import Builds, number_int
from runtime.builds.sources import Sources

__all__ = ["Builds", "Sources", "number_int"]
