"""The TCP addresses at which the processes of a container listen.

Source: proc(5), `/proc/<pid>/net/tcp`: addresses in hexadecimal, in words of the host's byte order; state 0A is LISTEN.
The kernel lists listening sockets first. A crawler can have thousands of others, so only the beginning is read.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from contextlib import suppress
from pathlib import Path

from runtime.containers.cgroups import PROC

LISTEN = "0A"
DOCKER_DNS = ipaddress.ip_address("127.0.0.11")
"""The engine's own name server listens in every container."""
MAX_ADDRESSES = 20
MAX_TABLE_BYTES = 1 << 14


def listening(process: int, proc: Path = PROC) -> tuple[str, ...]:
    """Return the addresses in the network of a process, in order of their ports. Empty if the process has ended."""
    with suppress(OSError):
        return parse_tables([_beginning(proc / str(process) / "net" / name) for name in ("tcp", "tcp6")])
    return ()


def parse_tables(tables: list[str]) -> tuple[str, ...]:
    """Parse the texts of `tcp` and `tcp6`."""
    found = set()
    for line in (line for table in tables for line in table.splitlines()[1:]):
        fields = line.split()
        if len(fields) > 3 and fields[3] == LISTEN:
            text, _, port = fields[1].partition(":")
            if (address := _address(text)) != DOCKER_DNS:
                shown = f"[{address}]" if address.version == 6 else str(address)
                found.add((int(port, 16), shown))
    return tuple(f"{address}:{port}" for port, address in sorted(found)[:MAX_ADDRESSES])


def _beginning(table: Path) -> str:
    """Return the first whole lines of a table. Raises OSError."""
    try:
        file = os.open(table, os.O_RDONLY)
    except FileNotFoundError:  # a kernel without IPv6 has no `tcp6`
        return ""
    try:
        text = os.read(file, MAX_TABLE_BYTES).decode()
    finally:
        os.close(file)
    return text[: text.rfind("\n") + 1]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    words = [bytes.fromhex(text[start : start + 8]) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(word[::-1] if sys.byteorder == "little" else word for word in words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
