"""What a version of an Actor may contain: its number and its source."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import PurePath

from yarl import URL

from runtime.base.errors import Invalid
from runtime.base.records import SourceFile, Version
from runtime.base.source_paths import SourcePaths

VERSION_NUMBER = re.compile(r"([0-9]|[1-9][0-9])\.([0-9]|[1-9][0-9])")
MAX_SOURCE_BYTES = 3 * 1024 * 1024
"""The platform's limit on a version's inline source files."""
MAX_URL_CHARS = 4096
GIT_SCHEMES = frozenset({"https", "http", "git", "ssh"})
LOCAL_GIT_SCHEME = "file://"
SSH_SHORTHAND = re.compile(r"(?:[\w.-]+@)?[\w][\w.-]*:(?!:|//)[^\s]+")
"""`git@host:path`, as git itself accepts it."""


async def check_version_in_thread(version: Version) -> None:
    """The same as `check_version`, without blocking the event loop: a version can have thousands of files."""
    await asyncio.to_thread(check_version, version)


def check_version(version: Version) -> None:
    """Raises Invalid for a version that cannot be built."""
    if not VERSION_NUMBER.fullmatch(version.number):
        raise Invalid(
            "invalid-value", f"Version number '{version.number}' must be MAJOR.MINOR, with each part from 0 to 99"
        )
    if version.source_type == "SOURCE_FILES":
        _check_files(version)
    elif version.source_type == "TARBALL":
        _check_tarball_url(version.tarball_url)
    elif version.source_type in ("GIT_REPO", "GITHUB_GIST"):
        _check_git_url(git_url(version))
    elif version.source_type == "SOURCE_CODE":
        raise Invalid(
            "invalid-value",
            "Source type 'SOURCE_CODE', a single file without a Dockerfile, is a legacy type of the platform and is "
            "not supported: use SOURCE_FILES and send the file as one of the 'sourceFiles'",
        )
    else:
        raise Invalid(
            "invalid-value",
            f"Source type '{version.source_type}' must be SOURCE_FILES, TARBALL, GIT_REPO or GITHUB_GIST",
        )


def git_url(version: Version) -> str:
    """The git URL of a version, as `URL#branch:folder`. Empty if the version has none."""
    return (version.git_repo_url if version.source_type == "GIT_REPO" else version.github_gist_url) or ""


def local_path(url: str) -> str | None:
    """The path in a git URL of a repository on this machine. None for other repositories."""
    repository = url.partition("#")[0]
    if repository.startswith(LOCAL_GIT_SCHEME):
        return repository.removeprefix(LOCAL_GIT_SCHEME)
    return repository if repository.startswith("/") else None


def host_paths(version: Version) -> set[str]:
    """The paths on the server's machine that a build of the version would read."""
    paths = {version.folder, local_path(git_url(version))}
    return {path for path in paths if path is not None}


def source_bytes(file: SourceFile) -> bytes:
    """A source file's content. Raises Invalid."""
    if file.format == "TEXT":
        return file.content.encode()
    try:
        return base64.b64decode(file.content, validate=True)
    except ValueError as error:
        raise Invalid("invalid-value", f"Source file '{file.name}' is not valid base64: {error}") from error


def _check_files(version: Version) -> None:
    if version.folder is not None and (not PurePath(version.folder).is_absolute() or "\0" in version.folder):
        raise Invalid("invalid-value", f"The folder {version.folder!r} must be an absolute path")
    size = sum(len(source_bytes(file)) for file in version.source_files)
    if size > MAX_SOURCE_BYTES:
        raise Invalid("invalid-value", f"The source files have {size} bytes, but the limit is {MAX_SOURCE_BYTES}")
    paths = SourcePaths()
    for file in version.source_files:
        paths.add(file.name, is_folder=file.folder)


def _check_tarball_url(url: str | None) -> None:
    if not url:
        raise Invalid("invalid-value", "A version of the type TARBALL needs a 'tarballUrl'")
    try:
        parts = URL(url, encoded=True)
        is_valid = parts.scheme in ("http", "https") and bool(parts.host) and url.isprintable() and " " not in url
    except ValueError:
        is_valid = False
    if not is_valid or len(url) > MAX_URL_CHARS:
        raise Invalid("invalid-value", "The 'tarballUrl' must be an http(s) URL")


def _check_git_url(url: str) -> None:
    repository, _, reference = url.partition("#")
    if not url.isprintable() or " " in url or len(url) > MAX_URL_CHARS or not _is_repository(repository):
        raise Invalid(
            "invalid-value",
            "A git URL must be an https, http, git or ssh URL, git@HOST:PATH or an absolute path,"
            " and may end in #BRANCH or #BRANCH:FOLDER",
        )
    if reference.startswith("-"):
        raise Invalid("invalid-value", f"'{reference}' is not a valid branch, tag or commit of a git repository")


def _is_repository(url: str) -> bool:
    if local_path(url) is not None:
        return True
    scheme, separator, rest = url.partition("://")
    if separator:
        return scheme in GIT_SCHEMES and not rest.startswith(("-", "/")) and rest != ""
    return SSH_SHORTHAND.fullmatch(url) is not None
