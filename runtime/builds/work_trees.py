"""The git repository that contains a local folder: where it begins, and which files git ignores."""

from __future__ import annotations

import shutil
from pathlib import Path

from runtime.base.errors import Invalid
from runtime.builds.git import Git

NO_PROGRAMS = ("-c", "core.fsmonitor=false")
"""Git must not start the program that the settings of a repository can name here."""


async def repository_root(folder: Path) -> Path:
    """Return the root of the repository that contains the folder; the folder itself if there is none, or no git."""
    root = await _run(folder, "rev-parse", "--show-toplevel")
    found = Path(root.strip()) if root else folder
    return found if folder.is_relative_to(found) else folder


async def ignored_paths(folder: Path) -> frozenset[str] | None:
    """Return the paths in the folder that git ignores and does not track; None outside a repository.

    Paths are relative to the folder. An ignored folder ends with a slash, and represents all its content.
    """
    command = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    paths = await _run(folder, *command)
    return None if paths is None else frozenset(path for path in paths.split("\0") if path)


async def belongs_to_repository(root: Path, path: Path) -> bool:
    """Return whether git tracks the file, or would add it: it is not ignored."""
    command = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f":(literal){path}")
    return bool(await _run(root, *command))


async def _run(folder: Path, *words: str) -> str | None:
    """Return the output of git in the folder; None if it fails, as it does outside a repository."""
    if not _may_be_in_repository(folder) or shutil.which("git") is None:
        return None
    try:
        return await Git(folder, is_local=True, with_keys=True).run(*NO_PROGRAMS, *words)
    except Invalid:
        return None


def _may_be_in_repository(folder: Path) -> bool:
    """Return whether it is worth starting git, which takes as long as copying twenty files."""
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))
