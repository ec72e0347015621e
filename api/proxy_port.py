"""The port of the proxy. It stays the same after a restart, because the containers of adopted runs still use it."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import suppress
from pathlib import Path

from api.sockets import PortTaken, listen
from runtime.base.addresses import LOOPBACK

log = logging.getLogger("greenroom.server")

FIRST_PORT, PORTS = 18_000, 10_000
"""The range below the ports that Linux gives to outgoing connections. The platform's proxy has the port 8000."""
ATTEMPTS = 100


def listen_for_proxy(data_dir: Path, instance_id: str) -> list[socket.socket]:
    """Sockets on loopback, on the port of the last server if it is free. Raises PortTaken if all attempts fail.

    Each instance starts its search at another port, so that several servers rarely meet.
    """
    path = data_dir / "proxy.json"
    stored, offset = _stored_port(path), int(instance_id, 16)
    candidates = [FIRST_PORT + (offset + each) % PORTS for each in range(ATTEMPTS)]
    for port in [*([stored] if stored else []), *candidates]:
        try:
            sockets = listen(port, LOOPBACK)
        except PortTaken as problem:
            if port == stored:
                log.warning("Adopted runs can no longer use the proxy. %s", problem)
            continue
        if port != stored:
            with suppress(OSError):  # on a full disk; the search will most likely find the same port
                path.write_text(json.dumps({"port": port}))
        return sockets
    raise PortTaken(f"Cannot listen on any of the ports {candidates[0]} to {candidates[-1]} for the proxy")


def _stored_port(path: Path) -> int | None:
    """The port of the last server; None if it is not stored, or if the file is damaged."""
    try:
        port = json.loads(path.read_text())["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return port if isinstance(port, int) and 0 < port < 65_536 else None
