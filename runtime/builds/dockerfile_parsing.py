"""Dockerfiles, parsed once: what a build needs from the engine.

Source: Docker's Dockerfile reference.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath

BUILDKIT_FLAGS = {
    "RUN": {"mount", "network", "security"},
    "COPY": {"chmod", "link", "parents", "exclude"},
    "ADD": {"chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"},
}
"""The flags of each instruction that only BuildKit supports."""
PLATFORM_ARGUMENT = re.compile(r"\$\{?(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)")
HERE_DOCUMENT = re.compile(r"""(?:^|\s)<<-?["']?([A-Za-z_]\w*)""")
SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)", re.I)
REMOTE = re.compile(r"\w+://|git@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """`images` are the images that it names, its frontend included. Names that contain an argument are left out.

    `secrets` are the ids of its secret mounts. `has_known_sources` is whether everything that goes into the image
    is known before the build: nothing is added from the web, and no argument selects an image.
    """

    text: str
    needs_buildkit: bool
    images: tuple[str, ...]
    secrets: tuple[str, ...]
    mounts_ssh: bool
    has_known_sources: bool


def parse(text: str) -> Dockerfile:
    """Parse a Dockerfile. Instructions that are not valid are left for the engine to reject."""
    instructions = [*_instructions(text)]
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
    )


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One instruction with its `--name=value` flags."""

    name: str
    flags: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]

    @property
    def needs_buildkit(self) -> bool:
        if self.name == "FROM":
            words = [*self.arguments, *(value for _, value in self.flags)]
            return PLATFORM_ARGUMENT.search(" ".join(words)) is not None
        buildkit_flags = BUILDKIT_FLAGS.get(self.name, set())
        return any(name in buildkit_flags for name, _ in self.flags) or bool(self.here_documents)

    @property
    def here_documents(self) -> list[str]:
        """The delimiters of the here-documents that follow the instruction."""
        return HERE_DOCUMENT.findall(" ".join(self.arguments)) if self.name in BUILDKIT_FLAGS else []

    @property
    def images(self) -> list[str]:
        """The names of images, or of stages of the same Dockerfile."""
        if self.name == "FROM":
            return [*self.arguments[:1]]
        copied = [value for name, value in self.flags if name == "from"]
        return copied + [mount["from"] for mount in self.mounts if mount.get("from")]

    @property
    def mounts(self) -> list[dict[str, str]]:
        """The options of each mount; an option without a value is empty."""
        mounts = (value.split(",") for name, value in self.flags if name == "mount")
        return [{name: value for name, _, value in (option.partition("=") for option in mount)} for mount in mounts]

    @property
    def stage(self) -> str | None:
        """The name that FROM gives to its stage."""
        has_name = self.name == "FROM" and len(self.arguments) == 3 and self.arguments[1].upper() == "AS"
        return self.arguments[2].lower() if has_name else None


def _instructions(text: str) -> Iterator[_Instruction]:
    """Yield the instructions, without comments and here-documents."""
    words: list[str] = []
    lines = map(str.strip, text.splitlines())
    for line in lines:
        if not line or line.startswith("#"):
            continue
        words += line.removesuffix("\\").split()
        if line.endswith("\\"):
            continue
        instruction = _instruction(words)
        words = []
        yield instruction
        for delimiter in instruction.here_documents:
            deque(takewhile(delimiter.__ne__, lines), maxlen=0)
    if words:
        yield _instruction(words)


def _instruction(words: list[str]) -> _Instruction:
    if words[0].upper() == "ONBUILD":
        words = words[1:]
    flags = [*takewhile(lambda word: word.startswith("--"), words[1:])]
    parsed = tuple((name, value) for name, _, value in (flag[2:].partition("=") for flag in flags))
    return _Instruction("".join(words[:1]).upper(), parsed, tuple(words[1 + len(flags) :]))


def _images(instructions: Iterable[_Instruction]) -> Iterator[str]:
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
