"""Sources: the files of a version as a folder, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from yarl import URL

from runtime.actors.version_rules import git_url, source_bytes
from runtime.base.errors import Invalid
from runtime.base.records import Version
from runtime.base.source_paths import resolve_path
from runtime.builds import git
from runtime.builds.archives import unpack
from runtime.builds.cancellation import Checkpoint, in_thread
from runtime.builds.local_folders import copy_actor
from runtime.jobs.resource_limits import MBYTE
from runtime.outbound import Outbound, OutboundError

Report = Callable[[str], None]
"""Writes one line to the log of the build."""

MAX_DOWNLOAD_BYTES = 512 * MBYTE
ADDED_BY_SYSTEMS = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Source:
    """`tree` holds all files. `actor_folder` is the tree itself, or one folder in the tree of a repository."""

    tree: Path
    actor_folder: Path


class Sources:
    """Fetches sources. A cancellation stops all work, and no file is written outside the given folder."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def fetch(self, version: Version, folder: Path, report: Report) -> Source:
        """Put the version's files into a new folder inside `folder`, which is empty. Raises Invalid."""
        tree = folder / "source"
        tree.mkdir()
        if version.source_type == "TARBALL":
            return await self._from_archive(version.tarball_url or "", folder, tree, report)
        if version.source_type in ("GIT_REPO", "GITHUB_GIST"):
            return await self._from_git(version, tree, report)
        if version.folder is not None:
            return await self._from_folder(Path(version.folder), tree, report)
        await in_thread(partial(write_source_files, version, tree))
        return Source(tree, tree)

    async def _from_archive(self, url: str, folder: Path, tree: Path, report: Report) -> Source:
        archive = folder / "archive"
        report(f"ACTOR: Downloading {without_secrets(url)}")
        try:
            size = await self._outbound.download(url, archive, MAX_DOWNLOAD_BYTES, _progress(report))
        except OutboundError as problem:
            raise Invalid(
                "invalid-value", f"The source was not downloaded from {without_secrets(url)}: {problem}"
            ) from problem
        report(f"ACTOR: Unpacking {size / MBYTE:.1f} MB")
        files = await in_thread(lambda checkpoint: unpack(archive, tree, checkpoint))
        archive.unlink()
        report(f"ACTOR: Unpacked {files} file{'' if files == 1 else 's'}")
        root = _archive_root(tree)
        if root != tree:
            report(f"ACTOR: The archive has one top folder, which is the source: {root.name}")
        return Source(root, root)

    async def _from_git(self, version: Version, tree: Path, report: Report) -> Source:
        url = git_url(version)
        report(f"ACTOR: Cloning {git.without_credentials(url)}")
        reference = git.parse_url(url)
        await git.fetch(reference, tree, report, with_keys=version.by_host, policy=self._outbound.policy)
        return Source(tree, _actor_folder(tree, reference.folder))

    async def _from_folder(self, folder: Path, tree: Path, report: Report) -> Source:
        report(f"ACTOR: Copying {folder}")
        return Source(tree, await copy_actor(folder, tree, report))


def write_source_files(version: Version, folder: Path, checkpoint: Checkpoint) -> None:
    """Write the version's inline files. Their names were checked when the version was stored."""
    for file in version.source_files:
        checkpoint()
        path = folder / file.name
        if file.folder:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source_bytes(file))


def without_secrets(url: str) -> str:
    """Return the URL without its user and query, which may hold passwords, tokens and signatures."""
    return str(URL(url, encoded=True).with_user(None).with_query(None))


def _actor_folder(tree: Path, name: str) -> Path:
    folder = resolve_path(tree, name)
    if not folder.is_relative_to(tree.resolve()) or not folder.is_dir():
        raise Invalid("invalid-value", f"The repository has no folder '{name}'")
    return folder


def _archive_root(tree: Path) -> Path:
    """Return the only folder at the top of an archive, as in archives from GitHub, or the whole tree.

    A folder `.actor` is already part of an Actor. What macOS and Windows add to archives does not count.
    """
    entries = [entry for entry in tree.iterdir() if entry.name not in ADDED_BY_SYSTEMS]
    is_wrapped = len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink()
    return entries[0] if is_wrapped and entries[0].name != ".actor" else tree


def _progress(report: Report) -> Callable[[int], None]:
    """Report each time that another tenth of the allowed size has arrived."""
    step = MAX_DOWNLOAD_BYTES // 10
    reported = 0

    def on_received(received: int) -> None:
        nonlocal reported
        if received >= reported + step:
            reported = received
            report(f"ACTOR: Downloaded {received / MBYTE:.0f} MB")

    return on_received
