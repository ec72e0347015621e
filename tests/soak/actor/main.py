"""Ends as its input requests. It uses only the standard library, and retries while the server is down."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

API = f"{os.environ['APIFY_API_BASE_URL']}/v2"
TOKEN = os.environ["APIFY_TOKEN"]
RUN = f"actor-runs/{os.environ['ACTOR_RUN_ID']}"
RECORDS = f"key-value-stores/{os.environ['ACTOR_DEFAULT_KEY_VALUE_STORE_ID']}/records"
ITEMS = f"datasets/{os.environ['ACTOR_DEFAULT_DATASET_ID']}/items"
HOG = "hog = []\nwhile True:\n    hog.append(b'x' * 4_194_304)"
LONGER_THAN_ANY_TEST = 10_000
DISK_FILES, FILE_BYTES = 5, 64 * 1024 * 1024
PAUSE_SECS = 0.2


def main() -> None:
    given = get(f"{RECORDS}/{os.environ['ACTOR_INPUT_KEY']}")
    life = (get(f"{RECORDS}/LIFE") or 0) + 1
    request("PUT", f"{RECORDS}/LIFE", life)
    for number in range(given["lines"]):
        print(f"life {life} line {number}", flush=True)
    for number in range(given["pushes"]):
        request("POST", ITEMS, [{"life": life, "push": number, "item": item} for item in range(given["items"])])
    for number in range(given["records"]):
        request("PUT", f"{RECORDS}/BIG-{number}", "x" * given["recordBytes"])
    print(f"ready in life {life}", flush=True)
    sys.exit(act(given, life))


def act(given: dict[str, Any], life: int) -> int:
    """Do what the input requests. Return the exit code if this container ends by itself."""
    match given["do"]:
        case "exit":
            return int(given["exitCode"])
        case "fail in the first life":
            return 1 if life == 1 else 0
        case "set message":
            request("PUT", RUN, {"statusMessage": given["message"], "isStatusMessageTerminal": True})
            return int(given["exitCode"])
        case "fill memory":
            exec(HOG)
        case "fill the memory of a child":
            subprocess.run([sys.executable, "-c", HOG])
        case "fill disk":
            fill_disk()
        case "stay in the first life" if life == 1:
            time.sleep(LONGER_THAN_ANY_TEST)
        case "sleep":
            time.sleep(LONGER_THAN_ANY_TEST)
        case "leave when aborted":
            await_event("aborting")
        case "reboot" if life <= given["reboots"]:
            continue_with("reboot")
        case "leave when migrated" if life == 1:
            await_event("migrating")
            continue_with("reboot")
        case "metamorph":
            continue_with(f"metamorph?targetActorId={given['target']}", {**given, "do": "exit"})
    return 0


def continue_with(order: str, body: Any = None) -> None:
    """Send an order that replaces this container, and wait to be stopped."""
    request("POST", f"{RUN}/{order}", body)
    time.sleep(LONGER_THAN_ANY_TEST)


def fill_disk() -> None:
    for number in range(DISK_FILES):
        with open(f"/tmp/{number}", "wb") as file:
            for _ in range(64):
                file.write(bytes(FILE_BYTES // 64))
    time.sleep(LONGER_THAN_ANY_TEST)


def get(path: str) -> Any:
    """Return a record, or None if it does not exist."""
    try:
        return json.loads(request("GET", path))
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def request(method: str, path: str, body: Any = None) -> bytes:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    while True:
        try:
            message = urllib.request.Request(f"{API}/{path}", data, headers, method=method)
            with urllib.request.urlopen(message) as response:
                return bytes(response.read())
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException):
            time.sleep(PAUSE_SECS)


def await_event(name: str) -> None:
    while True:
        try:
            for event in events():
                if event["name"] == name:
                    return
        except (OSError, EOFError):
            time.sleep(PAUSE_SECS)


def events() -> Iterator[Any]:
    """Yield the events of the socket. Raises OSError or EOFError when the connection breaks."""
    url = urlsplit(os.environ["ACTOR_EVENTS_WEBSOCKET_URL"])
    hello = (
        f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with socket.create_connection((url.hostname, url.port)) as connection, connection.makefile("rb") as stream:
        connection.sendall(hello.encode())
        while stream.readline().strip():
            pass
        while True:
            opcode, size = read(stream, 2)
            if size == 126:
                size = int.from_bytes(read(stream, 2))
            content = read(stream, size)
            if opcode == 0x81:
                yield json.loads(content)
            elif opcode == 0x89:
                connection.sendall(bytes([0x8A, 0x80 | size, 0, 0, 0, 0]) + content)


def read(stream: Any, size: int) -> bytes:
    content: bytes = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


main()
