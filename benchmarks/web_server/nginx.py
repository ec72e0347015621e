"""nginx as a reverse proxy in front of one address, with a single process and connections that are used again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from testing.live_server import free_port

CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 100000000; client_max_body_size 0;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream container {{ server {upstream}; keepalive 64; keepalive_requests 100000000; }}
    map $http_upgrade $connection_header {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://container; proxy_http_version 1.1;
            proxy_request_buffering off; proxy_max_temp_file_size 0;
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_header;
        }}
        location /events {{
            proxy_pass http://container; proxy_http_version 1.1; proxy_buffering off;
            proxy_set_header Host $http_host; proxy_set_header Connection "";
        }}
    }}
}}
"""


def is_installed() -> bool:
    """Return whether the program is there; print what to install if it is not."""
    if shutil.which("nginx") is None:
        print("This benchmark needs nginx: install Debian's package nginx.")
        return False
    return True


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[tuple[int, int]]:
    """Start nginx. Yield its port and its process id."""
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, upstream=upstream, port=port))
    with subprocess.Popen(["nginx", "-c", str(path), "-e", f"{folder}/errors"]) as process:
        try:
            _wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    while True:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
