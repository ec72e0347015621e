"""The two forms of a Standby address.

The host form, `http://LABEL.localhost:PORT/`, has an origin of its own. The path form, `/greenroom/standby/LABEL/`,
shares the API's origin, so its responses are sandboxed, as those of web servers are.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from api.web_server.run_address import REMEMBERED_HOSTS, RunAddress
from runtime.base.addresses import STANDBY_DOMAIN, STANDBY_PATH
from runtime.base.records import ID_LENGTH

LABEL = rf"[a-z0-9](?:[a-z0-9-]{{0,60}}--[a-z0-9-]{{1,61}}|[a-z0-9]{{{ID_LENGTH - 1}}})"
HOST = re.compile(rf"({LABEL})\.{re.escape(STANDBY_DOMAIN)}\.?(?::(\d{{1,5}}))?", re.IGNORECASE | re.ASCII)
HTTP_PORT = 80
PATH_START = STANDBY_PATH.encode()
PATH = re.compile(rb"(%b([^/?]+))(.*)" % re.escape(PATH_START), re.DOTALL)


class StandbyAddress(RunAddress):
    """The same fields as those of a run's address. Its key is the label."""

    __slots__ = ()


def standby_address_of(host: bytes, target: bytes) -> StandbyAddress | None:
    """The Standby address that a request is for; None for any other request.

    `host` is the value of the Host header. `target` is the path with the query.
    """
    label = _label_in_host(host)
    if label is not None:
        return StandbyAddress(label, b"", target)
    if target.startswith(PATH_START) and (in_path := PATH.fullmatch(target)):
        return StandbyAddress(in_path[2].decode("latin-1"), in_path[1], in_path[3])
    return None


@lru_cache(REMEMBERED_HOSTS)
def _label_in_host(host: bytes) -> str | None:
    found = HOST.fullmatch(host.decode("latin-1"))
    return found[1].lower() if found else None


def is_standby_host(host: str, ports: Collection[int]) -> bool:
    """Whether a Host header names a Standby address on one of these ports. Without a port it is HTTP's port."""
    match = HOST.fullmatch(host)
    return match is not None and int(match[2] or HTTP_PORT) in ports
