"""The sockets that the server listens on."""

from __future__ import annotations

import errno
import socket

BACKLOG = 2048


class PortTaken(Exception):
    """Another program listens on the port."""


def listen(port: int, addresses: tuple[str, ...]) -> list[socket.socket]:
    """A listening socket for each address; for ::1 only if the machine has IPv6. Raises PortTaken."""
    sockets: list[socket.socket] = []
    for address in addresses:
        try:
            sockets.append(_listen(port, address))
        except OSError as problem:
            if address == "::1" and problem.errno != errno.EADDRINUSE:
                continue
            for each in sockets:
                each.close()
            raise PortTaken(f"Cannot listen on port {port} of {address}: {problem.strerror}") from problem
    return sockets


def _listen(port: int, address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets with this protocol.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening
