"""Run inside a container: succeeds if the gateway answers, even if it refuses the connection."""

import contextlib
import socket
import struct
from pathlib import Path

routes = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
gateway = next(route[2] for route in routes if route[1] == "00000000")
address = socket.inet_ntoa(struct.pack("<L", int(gateway, 16)))
with contextlib.suppress(ConnectionRefusedError):
    socket.create_connection((address, 9), timeout=5).close()
