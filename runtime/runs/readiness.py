"""Readiness of a run's web server, by the platform's own probe."""

from __future__ import annotations

import aiohttp

PROBE_HEADER = "x-apify-container-server-readiness-probe"
PROBE_TIMEOUT_SECS = 5.0
"""Long enough for a container with a small CPU share, short enough for a server that accepts and never answers."""


async def is_ready(host: str, port: int, timeout_secs: float = PROBE_TIMEOUT_SECS) -> bool:
    """Whether `GET /` gets any HTTP response, of any status (platform documentation, "Actor Standby")."""
    timeout = aiohttp.ClientTimeout(total=timeout_secs)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(f"http://{host}:{port}/", headers={PROBE_HEADER: "1"}, allow_redirects=False),
        ):
            return True
    except (aiohttp.ClientError, TimeoutError):
        return False
