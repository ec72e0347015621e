"""A small client of the API, with one class for each type of resource."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from cli import server
from cli.client.actors import ActorsClient
from cli.client.checks import ChecksClient
from cli.client.development import DevelopmentClient
from cli.client.fits import FitsClient
from cli.client.jobs import BuildsClient, RunsClient
from cli.client.schedules import SchedulesClient
from cli.client.standby import StandbyClient
from cli.client.storages import DatasetsClient, KeyValueStoresClient, RequestQueuesClient, StoragesClient
from cli.client.transport import RESPONSE_SECS, Transport
from cli.server import RunningServer
from cli.terminal import streams
from cli.terminal.interrupts import interrupt_on_closed_output, interrupt_on_termination
from runtime.base.json_text import JsonDict

if TYPE_CHECKING:  # most commands need no settings
    from runtime.base.configuration import Configuration

PRUNE_SECS = 600.0
"""The engine can take long to remove many images."""
ADVANCE_SECS = 600.0
"""Schedules can start a thousand runs within the time of an advance."""


@contextmanager
def connected(
    data_dir: Path, configuration: Configuration | None = None, *, prepares_networks: bool = False
) -> Iterator[Client]:
    """Yield a client of the data directory's server. If none runs, one is started for this command.

    It is started with the settings in `configuration`, by default those of the current folder. Commands that start
    several runs let it prepare networks.

    Raises CommandError.
    """
    with (
        interrupt_on_termination(),
        interrupt_on_closed_output(streams.stdout),
        server.find_or_start(data_dir, configuration, prepares_networks=prepares_networks) as found,
        closing(Client(found)) as client,
    ):
        yield client


class Client:
    """The API of one server, used as the command line's user. The caller closes it.

    Every method of it and of its parts raises CommandError: ApiError for an error response of the server,
    RecordNotFound for a 404.
    """

    def __init__(self, server: RunningServer, response_secs: float = RESPONSE_SECS) -> None:
        self._transport = Transport(server, response_secs)
        self.server = server
        self._public_url = server.info["apiUrl"]
        self.urls_stay_valid = not server.is_temporary
        self.actors = ActorsClient(self._transport)
        self.builds = BuildsClient(self._transport)
        self.checks = ChecksClient(self._transport)
        self.development = DevelopmentClient(self._transport)
        self.fits = FitsClient(self._transport)
        self.runs = RunsClient(self._transport)
        self.schedules = SchedulesClient(self._transport)
        self.standby = StandbyClient(self._transport)
        self.storages = StoragesClient(self._transport)
        self.datasets = DatasetsClient(self._transport)
        self.key_value_stores = KeyValueStoresClient(self._transport)
        self.request_queues = RequestQueuesClient(self._transport)

    def close(self) -> None:
        self._transport.close()

    def act_for_stand_in(self, username: str) -> None:
        """Act for this user from now on, which is created without a token if it does not exist."""
        self._transport.request("PUT", f"/greenroom/users/{quote(username, safe='')}")
        self._transport.act_for(username)

    def username(self) -> str:
        return str(self.user()["username"])

    def user(self) -> JsonDict:
        return self._transport.data("GET", "/v2/users/me")

    def login_token(self) -> str:
        """Return a token with which clients act as the server's first user."""
        return str(self._transport.local("GET", "/greenroom/client-login", RESPONSE_SECS)["token"])

    def limits(self) -> JsonDict:
        """Return the user's limits, and what is used of them."""
        return self._transport.data("GET", "/v2/users/me/limits")

    def log_url(self, job_id: str) -> str:
        """Return the URL of a log, which needs no token."""
        return f"{self._public_url}/v2/logs/{job_id}"

    def console_url(self, page: str) -> str:
        """Return the URL of a page of the web console that signs one browser in as the operator."""
        code = self._transport.local("POST", "/greenroom/sign-in-codes", RESPONSE_SECS)["code"]
        return f"{self._public_url}/greenroom/sign-in?code={code}&page={quote(page)}"

    def prunable(self) -> JsonDict:
        """Return what `prune` would delete now."""
        return self._transport.local("GET", "/greenroom/prune", PRUNE_SECS)

    def prune(self) -> JsonDict:
        """Delete the builds that nothing needs, and return them."""
        return self._transport.local("POST", "/greenroom/prune", PRUNE_SECS)

    def advance_clock(self, secs: float) -> JsonDict:
        """Advance the server's clock, and return what it shows."""
        return self._transport.local("POST", "/greenroom/clock", ADVANCE_SECS, json={"advanceSecs": secs})

    def log(self, job_id: str, *, raw: bool, until_end: bool = True) -> Iterator[bytes]:
        """Yield the log of a run or build from its beginning, and continue until the job finishes with `until_end`.

        `raw` preserves ANSI codes.
        """
        params = {"stream": int(until_end), "raw": int(raw)}
        # No read timeout, because a job may print nothing until it finishes.
        timeout = httpx.Timeout(RESPONSE_SECS, read=None)
        with self._transport.stream(f"/v2/logs/{job_id}", params=params, timeout=timeout) as response:
            yield from response.iter_bytes()
