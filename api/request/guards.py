"""What a request must pass before it is looked at: the server holds the Docker socket, and any web page can call it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Scope

from api.web_server.proxy import is_web_server_host
from runtime.base.addresses import API_NAMES
from runtime.base.clock import Clock
from runtime.base.errors import Forbidden, TooManyRequests

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ACTS_ON_GET = re.compile(r"/v2/actors/[^/]+/run-sync(-get-dataset-items)?")
OWN_SITES = frozenset({"same-origin", "none"})


class Guards:
    """`ports` are those listened on; `gateway` is the address under which containers reach this server."""

    def __init__(self, ports: Collection[int], gateway: str | None) -> None:
        names = {f"[{name}]" if ":" in name else name for name in API_NAMES} | ({gateway} if gateway else set())
        self._hosts = {f"{name}:{port}" for name in names for port in ports} | (names if 80 in ports else set())
        self._ports = ports

    def check_host(self, scope: Scope) -> None:
        """Raises Forbidden for a Host that is none of ours: a foreign name may have been pointed at this machine."""
        host = Headers(scope=scope).get("host", "").lower()
        if host not in self._hosts and not is_web_server_host(host, self._ports):
            raise Forbidden("host-not-allowed", f"This server does not answer for the host '{host}'")

    def check_origin(self, scope: Scope) -> None:
        """Raises Forbidden for a write that a page of another origin makes a browser send."""
        if scope["method"] in SAFE_METHODS and not ACTS_ON_GET.fullmatch(scope["path"]):
            return
        headers = Headers(scope=scope)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_foreign = origin is not None and origin.removeprefix("http://").lower() not in self._hosts
        if is_foreign or (site is not None and site not in OWN_SITES):
            raise Forbidden("origin-not-allowed", "Web pages of another origin may not change anything here")


class RateLimit:
    """At most `rate` requests a second for each user, with bursts of as many; None means no limit."""

    def __init__(self, rate: float | None, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._allowance: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))

    def count(self, user_id: str) -> None:
        """Raises TooManyRequests."""
        if self._rate is None:
            return
        now, full = self._clock.now(), max(self._rate, 1.0)
        before, left = self._allowance[user_id]
        left = min(full, left + (now - before) / 1000 * self._rate)
        if left < 1:
            raise TooManyRequests("rate-limit-exceeded", "You have exceeded the rate limit. Please try again later.")
        self._allowance[user_id] = (now, left - 1)
