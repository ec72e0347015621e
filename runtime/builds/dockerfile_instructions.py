"""The instructions of a Dockerfile, with their flags and arguments.

Source: Docker's Dockerfile reference.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from runtime.base.lines import lines_of

BUILDKIT_FLAGS = {
    "RUN": {"mount", "network", "security"},
    "COPY": {"chmod", "link", "parents", "exclude"},
    "ADD": {"chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"},
}
"""The flags of each instruction that only BuildKit supports."""
PLATFORM_ARGUMENT = re.compile(r"\$\{?(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)")
HERE_DOCUMENT = re.compile(r"""(?:^|\s)<<-?["']?([A-Za-z_]\w*)""")


@dataclass(frozen=True, slots=True)
class Instruction:
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


def instructions_of(text: str) -> Iterator[Instruction]:
    """Yield the instructions, without comments and here-documents."""
    words: list[str] = []
    lines = map(str.strip, lines_of(text))
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


def _instruction(words: list[str]) -> Instruction:
    if words[0].upper() == "ONBUILD":
        words = words[1:]
    flags = [*takewhile(lambda word: word.startswith("--"), words[1:])]
    parsed = tuple((name, value) for name, _, value in (flag[2:].partition("=") for flag in flags))
    return Instruction("".join(words[:1]).upper(), parsed, tuple(words[1 + len(flags) :]))
