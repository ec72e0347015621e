"""The checks that only a command can make: the port of the server, and the clients of this terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from cli.errors import CommandError
from cli.server import RunningServer
from cli.server.ports import check_port_is_free
from runtime.doctor import Check, ok, skip, warn

PLATFORM_URL = "https://api.apify.com"
COMMAND_URL = "APIFY_CLIENT_BASE_URL"
"""The variable from which the `apify` command (1.10) reads the address of the API."""
LIBRARY_URL = "APIFY_API_BASE_URL"
"""The variable from which the SDKs read the address of the API."""
SET_VARIABLES = 'Run `eval "$(greenroom env)"` in this terminal, or `greenroom exec -- COMMAND`.'


def examine_clients(port: int, server: RunningServer | None, environment: Mapping[str, str]) -> Iterator[Check]:
    """Yield the result of each check. `server` is the running server of the data directory."""
    yield _port(port, server)
    yield _apify_command(server, environment)
    yield _variables(environment)


def _port(port: int, server: RunningServer | None) -> Check:
    if server is not None:
        return ok("port", f"the server of this data directory (pid {server.pid}) listens at {server.url}")
    try:
        check_port_is_free(port)
    except CommandError as error:
        return warn("port", error.message, error.advice)
    return ok("port", f"{port} is free")


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
