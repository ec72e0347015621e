"""Builds: a version's source, what its definition says, and the image that is made of both."""

from runtime.builds.builds import BUILD_LABEL, Builds, number_int

__all__ = ["BUILD_LABEL", "Builds", "number_int"]
