"""Which Dockerfile a source is built with, from which folder, and what it asks of the builder.

Source: platform documentation, "Actor definition" and "Dockerfile"; Docker's Dockerfile reference.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path, PurePosixPath
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.source_paths import followed
from runtime.builds import dockerignore
from runtime.builds.sources import Source

PLACES = (".actor/Dockerfile", "Dockerfile")
NODE_TAG = "24"
BETA_TAG = "beta"
PATH_ARGUMENT = "ACTOR_PATH_IN_DOCKER_CONTEXT"
"""Where the Actor's folder is in the context, for Dockerfiles of repositories with several Actors."""

NEW_FLAGS = {
    "RUN": {"mount", "network", "security"},
    "COPY": {"chmod", "link", "parents", "exclude"},
    "ADD": {"chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"},
}
"""By instruction, what the classic builder has never learned."""
PLATFORM_ARGUMENT = re.compile(r"\$\{?(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)")
HERE_DOCUMENT = re.compile(r"""(?:^|\s)<<-?["']?([A-Za-z_]\w*)""")
SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)", re.I)
REMOTE = re.compile(r"\w+://|git@")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction on one line: its word, the options after it, and the rest."""

    word: str
    flags: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether only BuildKit knows it."""
        if self.word == "FROM":
            return PLATFORM_ARGUMENT.search(" ".join([*self.rest, *(value for _, value in self.flags)])) is not None
        new = NEW_FLAGS.get(self.word, set())
        return any(name in new for name, _ in self.flags) or bool(self.here_documents)

    @property
    def here_documents(self) -> list[str]:
        """The words that end the documents which follow it."""
        return HERE_DOCUMENT.findall(" ".join(self.rest)) if self.word in NEW_FLAGS else []

    @property
    def images(self) -> list[str]:
        """What it names as an image, or as a stage."""
        if self.word == "FROM":
            return [*self.rest[:1]]
        copied = [value for name, value in self.flags if name == "from"]
        return copied + [mount["from"] for mount in self.mounts if mount.get("from")]

    @property
    def mounts(self) -> list[dict[str, str]]:
        """What it mounts, by the names of the options; one without a value is empty."""
        asked = (value.split(",") for name, value in self.flags if name == "mount")
        return [{name: value for name, _, value in (option.partition("=") for option in mount)} for mount in asked]

    @property
    def stage(self) -> str | None:
        """The name that a FROM gives its stage."""
        named = self.word == "FROM" and len(self.rest) == 3 and self.rest[1].upper() == "AS"
        return self.rest[2].lower() if named else None


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, without comments and the documents that lie in it."""
    words: list[str] = []
    lines = map(str.strip, text.splitlines())
    for line in lines:
        if not line or line.startswith("#"):
            continue
        words += line.removesuffix("\\").split()
        if line.endswith("\\"):
            continue
        found = _instruction(words)
        words = []
        yield found
        for end in found.here_documents:
            deque(takewhile(end.__ne__, lines), maxlen=0)
    if words:
        yield _instruction(words)


def _instruction(words: list[str]) -> Instruction:
    if words[0].upper() == "ONBUILD":
        words = words[1:]
    flags = [*takewhile(lambda word: word.startswith("--"), words[1:])]
    named = tuple((name, value) for name, _, value in (flag[2:].partition("=") for flag in flags))
    return Instruction("".join(words[:1]).upper(), named, tuple(words[1 + len(flags) :]))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a source becomes an image. `place` is the Dockerfile for people, `dockerfile` where it really is."""

    context: Path
    dockerfile: Path
    place: str
    text: str
    build_args: Mapping[str, str]

    @property
    def needs_buildkit(self) -> bool:
        return any(each.is_new for each in instructions(self.text))

    @property
    def images(self) -> list[str]:
        """The images that it names, its frontend's included; not those that it names by an argument."""
        frontend = SYNTAX.match(self.text)
        named = [*([frontend[1]] if frontend else []), *self._images()]
        return [image for image in dict.fromkeys(named) if "$" not in image]

    @property
    def secrets(self) -> list[str]:
        """The ids of the secrets that it mounts."""
        mounts = chain.from_iterable(each.mounts for each in instructions(self.text))
        asked = (
            mount.get("id") or PurePosixPath(mount.get("target", "")).name
            for mount in mounts
            if mount.get("type") == "secret"
        )
        return [*dict.fromkeys(asked)]

    @property
    def is_told_by_its_files(self) -> bool:
        """Whether its files and images are all that it is made of: nothing is fetched, or named by an argument."""
        added = (" ".join(each.rest) for each in instructions(self.text) if each.word == "ADD")
        return not any(map(REMOTE.search, added)) and not any("$" in image for image in self._images())

    def _images(self) -> Iterator[str]:
        stages: set[str] = set()
        for each in instructions(self.text):
            names = (name for name in each.images if not (name.lower() in stages or name.isdigit()))
            yield from (name for name in names if name != "scratch")
            if each.stage:
                stages.add(each.stage)


def find_recipe(source: Source, definition: Mapping[str, Any], spare: Path, *, beta: bool) -> Recipe:
    """The source's own Dockerfile, else the platform's default one, written to the file `spare`. Raises Invalid."""
    context = _context(source, definition)
    arguments = {PATH_ARGUMENT: os.path.relpath(source.root, context)} if "dockerContextDir" in definition else {}
    _check_ignore_file(context, source.tree)
    found = _dockerfile(source, definition)
    if found is None:
        text = default_dockerfile(source.root, beta=beta)
        spare.write_text(text)
        return Recipe(context, spare, "", text, arguments)
    place = found.relative_to(source.root.resolve() if found.is_relative_to(source.root.resolve()) else source.tree)
    text = found.read_text(errors="replace")
    _check_has_no_ssh(text)
    return Recipe(context, found, str(place), text, arguments)


def default_dockerfile(root: Path, *, beta: bool) -> str:
    """For Node.js, as the platform's: production dependencies, then the source; the base image starts it."""
    install = ["COPY package*.json ./", "RUN npm install --omit=dev --omit=optional --no-audit --no-fund"]
    return "\n".join(
        [
            f"FROM apify/actor-node:{BETA_TAG if beta else NODE_TAG}",
            *(install if (root / "package.json").is_file() else []),
            "COPY . ./\n",
        ]
    )


def _check_ignore_file(context: Path, tree: Path) -> None:
    """It is read wherever it leads."""
    path = followed(context, dockerignore.FILE)
    if path.exists() and not (path.is_file() and path.is_relative_to(tree.resolve())):
        raise Invalid("invalid-value", f"{dockerignore.FILE} must be a file of the source")


def _check_has_no_ssh(text: str) -> None:
    if any(mount.get("type") == "ssh" for each in instructions(text) for mount in each.mounts):
        raise Invalid(
            "invalid-value",
            "The Dockerfile has RUN --mount=type=ssh, and a build is given no SSH agent: a key can be a variable of"
            " the version, with applyEnvVarsToBuild, and be mounted with RUN --mount=type=secret,id=NAME",
        )


def _context(source: Source, definition: Mapping[str, Any]) -> Path:
    """The whole repository would change the image of an Actor that is one folder of it, unless that says so."""
    named = definition.get("dockerContextDir")
    if named is None:
        return source.root
    if not isinstance(named, str):
        raise Invalid("invalid-value", ".actor/actor.json: 'dockerContextDir' must be text")
    context = followed(source.root / ".actor", named)
    if not context.is_relative_to(source.tree.resolve()) or not context.is_dir():
        raise Invalid("invalid-value", f".actor/actor.json: 'dockerContextDir' {named!r} is no folder of the source")
    return context


def _dockerfile(source: Source, definition: Mapping[str, Any]) -> Path | None:
    named = definition.get("dockerfile")
    if named is not None and not isinstance(named, str):
        raise Invalid("invalid-value", ".actor/actor.json: 'dockerfile' must be text")
    if named is not None and (found := _file(source.root / ".actor", named, source.tree)) is not None:
        return found
    return next((found for place in PLACES if (found := _file(source.root, place, source.tree)) is not None), None)


def _file(folder: Path, place: str, tree: Path) -> Path | None:
    """The file inside the tree, whatever the case of its name. Raises Invalid where it lies outside."""
    path = followed(folder, place)
    if not path.is_relative_to(tree.resolve()):
        raise Invalid("invalid-value", f"The Dockerfile {place!r} is outside of the source")
    if path.is_file():
        return path
    if not path.parent.is_dir():
        return None
    alike = (each for each in sorted(path.parent.iterdir()) if each.name.lower() == path.name.lower())
    return next((_file(path.parent, each.name, tree) for each in alike if each.is_file()), None)
