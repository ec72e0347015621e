"""Local folders as sources. An Actor in a git repository can name files of the whole repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_text import loads_with_comments
from runtime.base.source_paths import resolve_path
from runtime.builds import work_trees
from runtime.builds.cancellation import in_thread
from runtime.builds.folders import Copied, copy_file, copy_folder
from runtime.builds.named_files import ACTOR_JSON, CONTEXT_FIELD, named_files
from runtime.builds.push_selection import PushSelection


async def copy_actor(folder: Path, tree: Path, report: Callable[[str], None]) -> Path:
    """Copy the Actor in a folder, and what its actor.json names elsewhere in the same repository.

    `tree` then corresponds to the repository. Returns the Actor's folder in it. Raises Invalid.
    """
    real = _resolved(folder)
    copy = _Copy(real, await work_trees.repository_root(real), tree)
    copied = await copy.folder(real)
    for entry in copied.skipped:
        report(f"ACTOR: Skipped {entry}")
    report(f"ACTOR: Copied {copied.files} file{'' if copied.files == 1 else 's'}")
    outside = await copy.named_outside()
    if outside:
        report(
            f"ACTOR: Also copied what actor.json names outside of the Actor's folder: {', '.join(map(repr, outside))}."
            " `apify push` sends only the folder, so the platform has to build this Actor from its git repository."
        )
    return copy.target(real)


@dataclass(frozen=True, slots=True)
class _Copy:
    """The copy of an Actor's folder in a repository. Without a repository, `root` is the folder itself."""

    actor: Path
    root: Path
    tree: Path

    def target(self, path: Path) -> Path:
        return self.tree / path.relative_to(self.root)

    async def folder(self, folder: Path) -> Copied:
        selection = PushSelection(folder, await work_trees.ignored_paths(folder))
        return await in_thread(
            lambda checkpoint: copy_folder(folder, self.target(folder), selection, self.root, checkpoint)
        )

    async def named_outside(self) -> list[str]:
        """Copy the files and the build context that actor.json names outside of the folder; return their paths."""
        return [self._shown(place) for place in self._places_outside() if await self._copy_outside(place)]

    def _places_outside(self) -> list[Path]:
        content = self._actor_json()
        paths = [*named_files(content).values(), content.get(CONTEXT_FIELD)]
        places = dict.fromkeys(self._place(path) for path in paths if isinstance(path, str))
        return [place for place in places if place is not None and place.exists()]

    def _shown(self, place: Path) -> str:
        return os.path.relpath(place, self.actor)

    def _actor_json(self) -> dict[str, Any]:
        """Return the content of actor.json; empty if it is not valid, which is reported when it is read again."""
        file = self.target(self.actor) / ACTOR_JSON
        try:
            content = loads_with_comments(file.read_bytes()) if file.is_file() else {}
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def _place(self, path: str) -> Path | None:
        """Return where actor.json's path leads; None inside the Actor's folder and outside of the repository."""
        place = Path(os.path.normpath(self.actor / ".actor" / path))
        is_elsewhere = place.is_relative_to(self.root) and not place.is_relative_to(self.actor)
        return place if is_elsewhere and resolve_path(self.root, str(place)).is_relative_to(self.root) else None

    async def _copy_outside(self, place: Path) -> bool:
        """Return False, and copy nothing, for a file that is not part of the repository."""
        if _is_folder(place):
            await self.folder(place)
            return True
        if not await work_trees.belongs_to_repository(self.root, place):
            return False
        copy_file(place, self.target(place))
        return True


def _resolved(folder: Path) -> Path:
    if not _is_folder(folder):
        raise Invalid("invalid-value", f"The folder {folder} of this version does not exist")
    return folder.resolve()


def _is_folder(path: Path) -> bool:
    return path.is_dir()
