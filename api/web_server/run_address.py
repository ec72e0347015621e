"""The two forms in which an Actor's web server is addressed, and the addresses of runs.

The host form, such as `http://KEY.runs.localhost:PORT/`, has an origin of its own. The path form, such as
`/greenroom/web/KEY/`, shares the API's origin, so its responses are sandboxed, and their cookies and redirects stay
below the path of the address.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from runtime.base.addresses import WEB_SERVER_DOMAIN, WEB_SERVER_PATH

HTTP_PORT = 80
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


A = TypeVar("A", bound=RunAddress)


class AddressForms(Generic[A]):
    """Both forms of one kind of address, which is `kind`. `key` is the pattern of the keys in the host form."""

    def __init__(self, kind: type[A], *, key: str, domain: str, path: str) -> None:
        self._kind = kind
        host = rf"({key})\.{re.escape(domain)}\.?(?::(\d{{1,5}}))?"
        self._host = re.compile(host, re.IGNORECASE | re.ASCII)
        self._path_start = path.encode()
        self._path = re.compile(rb"(%b([^/?]+))(.*)" % re.escape(self._path_start), re.DOTALL)
        self._key_in_host = lru_cache(REMEMBERED_HOSTS)(self._find_key)

    def find(self, host: bytes, target: bytes) -> A | None:
        """The address that a request is for; None for any other request.

        `host` is the value of the Host header. `target` is the path with the query.
        """
        key = self._key_in_host(host)
        if key is not None:
            return self._kind(key, b"", target)
        if target.startswith(self._path_start) and (in_path := self._path.fullmatch(target)):
            return self._kind(in_path[2].decode("latin-1"), in_path[1], in_path[3])
        return None

    def _find_key(self, host: bytes) -> str | None:
        found = self._host.fullmatch(host.decode("latin-1"))
        return found[1].lower() if found else None

    def has_host(self, host: str, ports: Collection[int]) -> bool:
        """Whether a Host header has the host form, with one of these ports. Without a port it is HTTP's port."""
        match = self._host.fullmatch(host)
        return match is not None and int(match[2] or HTTP_PORT) in ports


RUN_ADDRESSES = AddressForms(RunAddress, key="[a-z0-9-]{1,63}", domain=WEB_SERVER_DOMAIN, path=WEB_SERVER_PATH)
