"""A version's source as a folder, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from yarl import URL

from runtime.actors.version_rules import git_url, source_bytes
from runtime.base.errors import Invalid
from runtime.base.records import Version
from runtime.base.source_paths import followed
from runtime.builds import git
from runtime.builds.archives import unpack
from runtime.builds.cancelling import Checkpoint, in_thread
from runtime.builds.folders import copy_folder
from runtime.outbound import NoAnswer, Outbound

Say = Callable[[str], None]

MAX_DOWNLOAD_BYTES = 512 * 1024**2
MBYTE = 1024**2


@dataclass(frozen=True, slots=True)
class Source:
    """`root` is the Actor's folder: the `tree` itself, or a folder of the repository that the tree is."""

    tree: Path
    root: Path


class Sources:
    """Lays out sources. All of it ends with a cancellation, and nothing stays but in the folder that was given."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def lay_out(self, version: Version, folder: Path, say: Say) -> Source:
        """Lay the version's source out in a folder inside of `folder`, which is empty. Raises Invalid."""
        tree = folder / "source"
        tree.mkdir()
        if version.source_type == "TARBALL":
            return await self._from_archive(version.tarball_url or "", folder, tree, say)
        if version.source_type in ("GIT_REPO", "GITHUB_GIST"):
            return await self._from_git(version, tree, say)
        if version.folder is not None:
            return await self._from_folder(Path(version.folder), tree, say)
        await in_thread(partial(write_source, version, tree))
        return Source(tree, tree)

    async def _from_archive(self, url: str, folder: Path, tree: Path, say: Say) -> Source:
        archive = folder / "archive"
        say(f"ACTOR: Downloading {shown(url)}")
        try:
            size = await self._outbound.download(url, archive, MAX_DOWNLOAD_BYTES, _progress(say))
        except NoAnswer as problem:
            raise Invalid("invalid-value", f"The source was not downloaded from {shown(url)}: {problem}") from problem
        say(f"ACTOR: Unpacking {size / MBYTE:.1f} MB")
        files = await in_thread(lambda checkpoint: unpack(archive, tree, checkpoint))
        archive.unlink()
        say(f"ACTOR: Unpacked {_files(files)}")
        return Source(tree, tree)

    async def _from_git(self, version: Version, tree: Path, say: Say) -> Source:
        url = git_url(version)
        say(f"ACTOR: Cloning {git.without_credentials(url)}")
        place = git.place_of(url)
        await git.fetch(place, tree, say, with_keys=version.by_host)
        return Source(tree, _folder_in(tree, place.folder))

    async def _from_folder(self, folder: Path, tree: Path, say: Say) -> Source:
        say(f"ACTOR: Copying {folder}")
        copied = await in_thread(lambda checkpoint: copy_folder(folder, tree, checkpoint))
        for entry in copied.left_out:
            say(f"ACTOR: Left out {entry}")
        say(f"ACTOR: Copied {_files(copied.files)}")
        return Source(tree, tree)


def write_source(version: Version, root: Path, checkpoint: Checkpoint) -> None:
    """Lay out the version's files under `root`; names were checked when the version was stored."""
    for file in version.source_files:
        checkpoint()
        path = root / file.name
        if file.folder:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source_bytes(file))


def _files(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"


def _folder_in(tree: Path, name: str) -> Path:
    folder = followed(tree, name)
    if not folder.is_relative_to(tree.resolve()) or not folder.is_dir():
        raise Invalid("invalid-value", f"The repository has no folder '{name}'")
    return folder


def shown(url: str) -> str:
    """A URL without what opens doors: its user, and its query, where tokens and signatures stand."""
    return str(URL(url, encoded=True).with_user(None).with_query(None))


def _progress(say: Say) -> Callable[[int], None]:
    """Tells of every tenth part of what may come, at most."""
    step = MAX_DOWNLOAD_BYTES // 10
    told = 0

    def tell(received: int) -> None:
        nonlocal told
        if received >= told + step:
            told = received
            say(f"ACTOR: Downloaded {received / MBYTE:.0f} MB")

    return tell
