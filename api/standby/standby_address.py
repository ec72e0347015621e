"""The two forms of a Standby address.

The host form, `http://LABEL.localhost:PORT/`, has an origin of its own. The path form, `/greenroom/standby/LABEL/`,
shares the API's origin, so its responses are sandboxed, as those of web servers are.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from runtime.base.addresses import STANDBY_DOMAIN, STANDBY_PATH
from runtime.base.records import ID_LENGTH

LABEL = rf"[a-z0-9](?:[a-z0-9-]{{0,60}}--[a-z0-9-]{{1,61}}|[a-z0-9]{{{ID_LENGTH - 1}}})"
HOST = re.compile(rf"({LABEL})\.{re.escape(STANDBY_DOMAIN)}\.?(?::(\d{{1,5}}))?", re.IGNORECASE | re.ASCII)
HTTP_PORT = 80
PATH = re.compile(rf"({re.escape(STANDBY_PATH)}([^/?]+))(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StandbyAddress:
    """`target` is the raw path with its query for the Actor; `prefix` is what the path form puts before it."""

    label: str
    prefix: str
    target: str


def standby_address_of(host: str, target: str) -> StandbyAddress | None:
    """The Standby address that a request is for; None for any other request.

    `host` is the value of the Host header. `target` is the raw path with the query.
    """
    in_host = HOST.fullmatch(host) if STANDBY_DOMAIN in host else None
    if in_host:
        return StandbyAddress(in_host[1].lower(), "", target)
    in_path = PATH.fullmatch(target) if target.startswith(STANDBY_PATH) else None
    return StandbyAddress(in_path[2], in_path[1], in_path[3]) if in_path else None


def address_of_scope(scope: Scope) -> StandbyAddress | None:
    """The Standby address of a request, with its path but without its query; None for any other request."""
    return standby_address_of(Headers(scope=scope).get("host", ""), scope["raw_path"].decode("utf-8", "replace"))


def is_standby_host(host: str, ports: Collection[int]) -> bool:
    """Whether a Host header names a Standby address on one of these ports. Without a port it is HTTP's port."""
    match = HOST.fullmatch(host)
    return match is not None and int(match[2] or HTTP_PORT) in ports
