"""The two forms of a run's public address.

The host form, `http://KEY.runs.localhost:PORT/`, has an origin of its own. The path form, `/greenroom/web/KEY/`, shares
the API's origin, so its responses are sandboxed, and their cookies and redirects stay below the run's own path.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from api.web_server.headers import header_text
from runtime.base.addresses import WEB_SERVER_DOMAIN, WEB_SERVER_PATH

HOST = re.compile(rf"([a-z0-9-]{{1,63}})\.{re.escape(WEB_SERVER_DOMAIN)}\.?(?::(\d{{1,5}}))?", re.IGNORECASE | re.ASCII)
HTTP_PORT = 80
PATH = re.compile(rf"({re.escape(WEB_SERVER_PATH)}([^/]+))(/.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RunAddress:
    """`path` is the raw path for the container; `prefix` is what the path form puts before it, empty in the host form.

    The key of the host form is in lower case.
    """

    key: str
    prefix: str
    path: str

    @property
    def is_bare(self) -> bool:
        """Whether this is the path form without its slash, as in `containerUrl`. Its path for the container is `/`."""
        return not self.path


def run_address_of(scope: Scope) -> RunAddress | None:
    """The run's address that a request is for; None for any other request."""
    raw_path = header_text(scope["raw_path"])
    if in_host := HOST.fullmatch(Headers(scope=scope).get("host", "")):
        return RunAddress(in_host[1].lower(), "", raw_path)
    if in_path := PATH.fullmatch(raw_path):
        return RunAddress(in_path[2], in_path[1], in_path[3] or "")
    return None


def is_web_server_host(host: str, ports: Collection[int]) -> bool:
    """Whether a Host header names a run's web server on one of these ports. Without a port it is HTTP's port."""
    match = HOST.fullmatch(host)
    return match is not None and int(match[2] or HTTP_PORT) in ports
