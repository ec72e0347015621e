"""The checks of this host that a server can make too: the data directory, free space, and names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from runtime.base.addresses import resolves_subdomains
from runtime.base.sizes import readable_size
from runtime.doctor import Check, fail, ok, warn

GBYTE = 1024**3
LEAST_FREE_DISK = GBYTE
GOOD_FREE_DISK = 5 * GBYTE
LEAST_FREE_MEMORY = GBYTE


def examine_host(data_dir: Path) -> Iterator[Check]:
    """Yield the result of each check. It may take a moment to resolve names."""
    yield _data_directory(data_dir)
    yield _free_disk(data_dir)
    yield _free_memory()
    yield _subdomains()


def _data_directory(data_dir: Path) -> Check:
    existing = _nearest_existing(data_dir)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return fail(
            "data directory",
            f"{data_dir} cannot be written",
            "Make it writable for this user, or choose another folder with --data-dir.",
        )
    return ok("data directory", str(data_dir) if existing == data_dir else f"{data_dir}, created by the first command")


def _free_disk(data_dir: Path) -> Check:
    free = shutil.disk_usage(_nearest_existing(data_dir)).free
    found = f"{readable_size(free)} free for the data directory"
    advice = "Free space on its disk. `greenroom prune` removes builds that nothing needs."
    if free < LEAST_FREE_DISK:
        return fail("free disk", found, advice)
    return warn("free disk", found, advice) if free < GOOD_FREE_DISK else ok("free disk", found)


def _free_memory() -> Check:
    free = psutil.virtual_memory().available
    found = f"{readable_size(free)} available"
    if free < LEAST_FREE_MEMORY:
        return warn("free memory", found, "Runs of 1 GB may not fit. Stop other programs, or runs with `greenroom ps`.")
    return ok("free memory", found)


def _subdomains() -> Check:
    if resolves_subdomains():
        return ok("names", "*.localhost resolves, so each web server of a run has an origin of its own")
    return warn(
        "names",
        "*.localhost does not resolve, so web servers of runs have paths below the API's origin",
        "This suffices for most Actors. systemd-resolved and nss-myhostname resolve these names.",
    )


def _nearest_existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
