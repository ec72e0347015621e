"""The messages between the server and the proxy's process: one JSON document a line."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runtime.base.proxy_settings import ProxySettings
from runtime.base.records import ProxyRequest, ProxyUse
from runtime.proxy.faults import Fault

MAX_LINE_BYTES = 64 * 1024 * 1024


class Account(msgspec.Struct, frozen=True):
    """What a password identifies: a run, or a user outside of runs."""

    password: str
    user_id: str
    run_id: str | None = None


class Start(msgspec.Struct, tag=True, frozen=True):
    """The first message. `sockets` are descriptors of listening sockets.

    `port` is the proxy's own and `api_ports` are those of the API. `host_address` is this machine's in containers.
    """

    settings: ProxySettings
    accounts: tuple[Account, ...]
    port: int
    host_address: str
    api_ports: tuple[int, ...]
    sockets: tuple[int, ...]
    faults: tuple[Fault, ...] = ()


class Admit(msgspec.Struct, tag=True, frozen=True):
    account: Account


class Revoke(msgspec.Struct, tag=True, frozen=True):
    """A run has ended: its password is not valid any more, and its connections are closed."""

    run_id: str


class Flush(msgspec.Struct, tag=True, frozen=True):
    """Report now, and confirm this number."""

    number: int


class SetFaults(msgspec.Struct, tag=True, frozen=True):
    faults: tuple[Fault, ...]


class Report(msgspec.Struct, frozen=True):
    """What runs have used since the last report, by run and group; the faults, if they changed; the last requests."""

    used: Mapping[str, Mapping[str, ProxyUse]]
    requests: tuple[ProxyRequest, ...] = ()
    faults: tuple[Fault, ...] | None = None
    flushed: int | None = None


Order = Start | Admit | Revoke | Flush | SetFaults

decode_order = msgspec.json.Decoder(Order).decode
decode_report = msgspec.json.Decoder(Report).decode


def encode(message: Order | Report) -> bytes:
    return msgspec.json.encode(message) + b"\n"
