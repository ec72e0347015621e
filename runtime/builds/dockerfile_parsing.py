"""Dockerfiles, parsed once: what a build needs from the engine.

Source: Docker's Dockerfile reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from runtime.base.records import SourceCopy
from runtime.builds.dockerfile_instructions import Instruction, instructions_of
from runtime.builds.dockerfile_stages import source_copies

SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)", re.I)
REMOTE = re.compile(r"\w+://|git@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """`images` are the images that it names, its frontend included. Names that contain an argument are left out.

    `secrets` are the ids of its secret mounts. `has_known_sources` is whether everything that goes into the image
    is known before the build: nothing is added from the web, and no argument selects an image. `copies` are the files
    of the context that its last stage copies, in order.
    """

    text: str
    needs_buildkit: bool
    images: tuple[str, ...]
    secrets: tuple[str, ...]
    mounts_ssh: bool
    has_known_sources: bool
    copies: tuple[SourceCopy, ...]


def parse(text: str) -> Dockerfile:
    """Parse a Dockerfile. Instructions that are not valid are left for the engine to reject."""
    instructions = [*instructions_of(text)]
    frontend = SYNTAX.match(text)
    images = [*_images(instructions)]
    mounts = [mount for each in instructions for mount in each.mounts]
    adds_from_web = any(each.name == "ADD" and REMOTE.search(" ".join(each.arguments)) for each in instructions)
    return Dockerfile(
        text=text,
        needs_buildkit=any(each.needs_buildkit for each in instructions),
        images=_distinct(image for image in [*([frontend[1]] if frontend else []), *images] if "$" not in image),
        secrets=_distinct(_secret_id(mount) for mount in mounts if mount.get("type") == "secret"),
        mounts_ssh=any(mount.get("type") == "ssh" for mount in mounts),
        has_known_sources=not adds_from_web and not any("$" in image for image in images),
        copies=source_copies(instructions),
    )


def _images(instructions: Iterable[Instruction]) -> Iterator[str]:
    """Yield the names of images, without those that name an earlier stage."""
    stages: set[str] = set()
    for each in instructions:
        names = (name for name in each.images if not (name.lower() in stages or name.isdigit()))
        yield from (name for name in names if name != "scratch")
        if each.stage:
            stages.add(each.stage)


def _secret_id(mount: Mapping[str, str]) -> str:
    return mount.get("id") or PurePosixPath(mount.get("target", "")).name


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
