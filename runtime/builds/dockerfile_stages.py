"""What the last stage of a Dockerfile copies from the build context, and where to.

Source: "COPY", "ADD" and "WORKDIR" in Docker's Dockerfile reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from runtime.base.records import SourceCopy
from runtime.builds.dockerfile_instructions import Instruction

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
UNPACKED = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""Archives that ADD unpacks."""


@dataclass(slots=True)
class _Stage:
    """The state of one stage. `folder` is its working directory; relative until a WORKDIR is absolute."""

    folder: PurePosixPath = field(default_factory=PurePosixPath)
    variables: dict[str, str] = field(default_factory=dict)
    copies: list[SourceCopy] = field(default_factory=list)

    def expand(self, word: str) -> str | None:
        """Return the word with the values of its variables; None if one of them is unknown."""
        names = {found[1] or found[2] for found in VARIABLE.finditer(word)}
        if not names <= self.variables.keys():
            return None
        return VARIABLE.sub(lambda found: self.variables[found[1] or found[2]], word)

    def fork(self) -> _Stage:
        return _Stage(self.folder, dict(self.variables), [*self.copies])


def source_copies(instructions: Iterable[Instruction]) -> tuple[SourceCopy, ...]:
    """Return the copies of the last stage, including those of the stages that it is based on.

    Copies from other stages and images are left out, and so are those with a variable of unknown value.
    """
    stages: dict[str, _Stage] = {}
    stage = _Stage()
    for each in instructions:
        if each.name == "FROM":
            parent = stages.get(each.arguments[0].lower()) if each.arguments else None
            stage = parent.fork() if parent is not None else _Stage()
            stages[each.stage or str(len(stages))] = stage
        elif each.name == "WORKDIR":
            stage.folder /= stage.expand(" ".join(each.arguments)) or ""
        elif each.name in ("ARG", "ENV"):
            stage.variables.update(_assigned(each, stage))
        elif each.name in ("COPY", "ADD"):
            stage.copies += _copies(each, stage)
    return tuple(stage.copies)


def _assigned(instruction: Instruction, stage: _Stage) -> Iterator[tuple[str, str]]:
    for word in instruction.arguments:
        name, separator, value = word.partition("=")
        expanded = stage.expand(value.strip("\"'"))
        if separator and expanded is not None:
            yield name, expanded


def _copies(instruction: Instruction, stage: _Stage) -> Iterator[SourceCopy]:
    if any(name in ("from", "parents", "exclude") for name, _ in instruction.flags) or instruction.here_documents:
        return
    expanded = [stage.expand(word) for word in _paths(instruction)]
    paths = [path for path in expanded if path is not None]
    if len(paths) < 2 or len(paths) < len(expanded):
        return
    *sources, target = paths
    for source in sources:
        is_unpacked = instruction.name == "ADD" and (source.endswith(UNPACKED) or "://" in source)
        if not is_unpacked:
            yield SourceCopy(
                source=source.lstrip("/") or ".",
                target=str(stage.folder / target),
                into_folder=target.endswith(("/", "/.")) or target == "." or len(sources) > 1,
            )


def _paths(instruction: Instruction) -> list[str]:
    """Return the paths of both forms: words, or an array in JSON."""
    text = " ".join(instruction.arguments)
    if text.startswith("["):
        try:
            return [str(path) for path in json.loads(text)]
        except ValueError:
            return []
    return [*instruction.arguments]
