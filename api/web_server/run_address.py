"""The two forms of a run's public address.

The host form, `http://KEY.runs.localhost:PORT/`, has an origin of its own. The path form, `/greenroom/web/KEY/`, shares
the API's origin, so its responses are sandboxed, and their cookies and redirects stay below the run's own path.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from runtime.base.addresses import WEB_SERVER_DOMAIN, WEB_SERVER_PATH

HOST = re.compile(rf"([a-z0-9-]{{1,63}})\.{re.escape(WEB_SERVER_DOMAIN)}\.?(?::(\d{{1,5}}))?", re.IGNORECASE | re.ASCII)
HTTP_PORT = 80
PATH = re.compile(rb"(%b([^/?]+))(.*)" % re.escape(WEB_SERVER_PATH.encode()), re.DOTALL)
REMEMBERED_HOSTS = 1024


class RunAddress(NamedTuple):
    """`target` is the raw path with its query for the container.

    `prefix` is what the path form puts before it, empty in the host form. The key of the host form is in lower case.
    """

    key: str
    prefix: bytes
    target: bytes

    @property
    def is_bare(self) -> bool:
        """Whether this is the path form without its slash, as in `containerUrl`. Its path for the container is `/`."""
        return self.prefix != b"" and self.target[:1] != b"/"

    @property
    def with_slash(self) -> str:
        """The address of a page that `is_bare`, with its slash."""
        return (self.prefix + b"/" + self.target).decode("latin-1")


def run_address_of(host: bytes, target: bytes) -> RunAddress | None:
    """The run's address that a request is for; None for any other request.

    `host` is the value of the Host header. `target` is the path with the query.
    """
    key = _key_in_host(host)
    if key is not None:
        return RunAddress(key, b"", target)
    if target.startswith(PATH_START) and (in_path := PATH.fullmatch(target)):
        return RunAddress(in_path[2].decode("latin-1"), in_path[1], in_path[3])
    return None


PATH_START = WEB_SERVER_PATH.encode()


@lru_cache(REMEMBERED_HOSTS)
def _key_in_host(host: bytes) -> str | None:
    found = HOST.fullmatch(host.decode("latin-1"))
    return found[1].lower() if found else None


def is_web_server_host(host: str, ports: Collection[int]) -> bool:
    """Whether a Host header names a run's web server on one of these ports. Without a port it is HTTP's port."""
    match = HOST.fullmatch(host)
    return match is not None and int(match[2] or HTTP_PORT) in ports
