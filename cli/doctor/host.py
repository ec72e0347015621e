"""The checks of this host: the data directory, the port, names, free space, and the clients on PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from cli.errors import CommandError
from cli.server import RunningServer
from cli.server.ports import check_port_is_free
from runtime.base.addresses import resolves_subdomains
from runtime.base.sizes import readable_size
from runtime.doctor import Check, fail, ok, skip, warn

GBYTE = 1024**3
LEAST_FREE_DISK = GBYTE
GOOD_FREE_DISK = 5 * GBYTE
LEAST_FREE_MEMORY = GBYTE
PLATFORM_URL = "https://api.apify.com"
COMMAND_URL = "APIFY_CLIENT_BASE_URL"
"""The variable from which the `apify` command (1.10) reads the address of the API."""
LIBRARY_URL = "APIFY_API_BASE_URL"
"""The variable from which the SDKs read the address of the API."""
SET_VARIABLES = 'Run `eval "$(greenroom env)"` in this terminal, or `greenroom exec -- COMMAND`.'


def examine_host(
    data_dir: Path, port: int, server: RunningServer | None, environment: Mapping[str, str]
) -> Iterator[Check]:
    """Yield the result of each check. `server` is the running server of the data directory."""
    yield _data_directory(data_dir)
    yield _free_disk(data_dir)
    yield _free_memory()
    yield _port(port, server)
    yield _subdomains()
    yield _apify_command(server, environment)
    yield _variables(environment)


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


def _port(port: int, server: RunningServer | None) -> Check:
    if server is not None:
        return ok("port", f"the server of this data directory (pid {server.pid}) listens at {server.url}")
    try:
        check_port_is_free(port)
    except CommandError as error:
        return warn("port", error.message, error.advice)
    return ok("port", f"{port} is free")


def _subdomains() -> Check:
    if resolves_subdomains():
        return ok("names", "*.localhost resolves, so each web server of a run has an origin of its own")
    return warn(
        "names",
        "*.localhost does not resolve, so web servers of runs have paths below the API's origin",
        "This suffices for most Actors. systemd-resolved and nss-myhostname resolve these names.",
    )


def _apify_command(server: RunningServer | None, environment: Mapping[str, str]) -> Check:
    command = shutil.which("apify", path=environment.get("PATH"))
    if command is None:
        return skip("apify command", "`apify` is not on PATH")
    url = environment.get(COMMAND_URL)
    if url is None:
        return warn("apify command", f"{command} sends requests to {PLATFORM_URL}", SET_VARIABLES)
    found = f"{command} sends requests to {url}"
    if server is not None and urlsplit(url).port != urlsplit(server.url).port:
        return warn("apify command", f"{found}, but the server is at {server.url}", SET_VARIABLES)
    return ok("apify command", found)


def _variables(environment: Mapping[str, str]) -> Check:
    """Check where clients and SDKs point that are started in this terminal."""
    url = environment.get(LIBRARY_URL)
    if url is None and "APIFY_TOKEN" in environment:
        return warn(
            "variables",
            f"APIFY_TOKEN is set, but not {LIBRARY_URL}: programs send the token to {PLATFORM_URL}",
            SET_VARIABLES,
        )
    found = f"{LIBRARY_URL}={url}" if url else f"{LIBRARY_URL} and APIFY_TOKEN are not set"
    return ok("variables", found)


def _nearest_existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
