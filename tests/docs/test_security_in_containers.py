"""A container that tries everything that the security model forbids, for the sentences about containers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from testing.live_server import LiveServer
from tests.engine import python_actor

pytestmark = pytest.mark.docker

CAPABILITIES = {"SETFCAP": 31, "MKNOD": 27, "NET_RAW": 13, "AUDIT_WRITE": 29}
"""The numbers of capabilities in the kernel's header `linux/capability.h`."""
PROGRAM = """
import json, os, socket, urllib.request
from urllib.error import HTTPError

BASE, TOKEN = os.environ["APIFY_API_BASE_URL"], os.environ["APIFY_TOKEN"]

def call(method, path, token=TOKEN, headers={}, body=None):
    request = urllib.request.Request(BASE + path, body, {"Authorization": f"Bearer {token}", **headers}, method=method)
    try:
        return urllib.request.urlopen(request).status
    except HTTPError as error:
        return error.code

def connects(host, port):
    try:
        socket.create_connection((host, port), 3).close()
    except OSError:
        return False
    return True

store = os.environ["ACTOR_DEFAULT_KEY_VALUE_STORE_ID"]
request = urllib.request.Request(f"{BASE}/v2/key-value-stores/{store}/records/INPUT")
request.add_header("Authorization", f"Bearer {TOKEN}")
asked = json.load(urllib.request.urlopen(request))
found = {
    "status": dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line),
    "sockets": [path for path in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(path)],
    "devices": [name for name in os.listdir("/dev") if name in ("mem", "kmem", "sda", "vda", "nvme0n1", "kvm")],
    "calls": {
        name: call(method, path, **{"token": token} if token else {}, headers=headers)
        for name, (method, path, token, headers) in asked["calls"].items()
    },
    "connects": {name: connects(*address) for name, address in asked["connects"].items()},
}
request = urllib.request.Request(
    f"{BASE}/v2/key-value-stores/{store}/records/OUTPUT", json.dumps(found).encode(),
    {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}, method="PUT",
)
urllib.request.urlopen(request)
"""


@pytest.fixture(scope="module")
def found(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the container found. Its run belongs to Ann; Bob is another user of the same server."""
    users = ["--user", "ann:any-token", "--user", "bob:bobs-token"]
    server = LiveServer(tmp_path_factory.mktemp("server"), options=users)
    server.start()
    try:
        yield found_by_container(server)
    finally:
        server.close()


def found_by_container(server: LiveServer) -> dict[str, Any]:
    with listener("127.0.0.1") as loopback, listener("0.0.0.0") as everywhere:
        tried = {
            "calls": calls(server),
            "connects": {
                "the engine over TCP": ("host.greenroom.internal", 2375),
                "the host's loopback, by the server's name": ("host.greenroom.internal", loopback),
                "the host's loopback, by its address": ("127.0.0.1", loopback),
                "a service on all interfaces": ("host.greenroom.internal", everywhere),
                "the API": ("host.greenroom.internal", server.port),
            },
        }
        actor = python_actor(server, "intruder", PROGRAM)
        run = server.finished_run(actor, tried, memory=256)
        assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
    output = server.http.get(f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/OUTPUT")
    return dict(output.json())


def calls(server: LiveServer) -> dict[str, tuple[str, str, str | None, dict[str, str]]]:
    """Requests of the run: with its own token, unless they name another one."""
    bob = {"Authorization": "Bearer bobs-token"}
    theirs = {
        kind: server.data("POST", kind, params={"name": f"bobs-{kind}"}, headers=bob)["id"]
        for kind in ("datasets", "key-value-stores", "request-queues")
    }
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": []}
    actor = server.data("POST", "actors", json={"name": "bobs", "versions": [version]}, headers=bob)["id"]
    ours = server.data("POST", "datasets", params={"name": "anns"})["id"]
    return {
        "its own user": ("GET", "/v2/users/me", None, {}),
        **{f"changing {kind}": ("PUT", f"/v2/{kind}/{id}", None, {}) for kind, id in theirs.items()},
        **{f"deleting {kind}": ("DELETE", f"/v2/{kind}/{id}", None, {}) for kind, id in theirs.items()},
        "Actor of another user": ("GET", f"/v2/actors/{actor}", None, {}),
        "starting the Actor of another user": ("POST", f"/v2/actors/{actor}/runs", None, {}),
        "a storage that its input does not name": ("GET", f"/v2/datasets/{ours}", None, {}),
        "an invented token": ("GET", "/v2/users/me", "invented", {}),
        "an invented run token": ("GET", "/v2/users/me", "greenroom_run_invented", {}),
        "another host name": ("GET", "/v2/users/me", None, {"Host": "example.com"}),
        "stopping the server": ("POST", "/greenroom/shutdown", None, {}),
    }


@contextmanager
def listener(host: str) -> Iterator[int]:
    """A service on this machine, on any free port."""
    with socket.create_server((host, 0)) as service:

        def accept() -> None:
            try:
                while True:
                    service.accept()[0].close()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield service.getsockname()[1]


def test_a_container_lacks_capabilities_and_cannot_gain_privileges(found: dict[str, Any]) -> None:
    effective = int(found["status"]["CapBnd"], 16)
    assert [name for name, number in CAPABILITIES.items() if effective >> number & 1] == []
    assert found["status"]["NoNewPrivs"].strip() == "1"
    assert found["devices"] == []


def test_a_container_cannot_control_the_engine(found: dict[str, Any]) -> None:
    assert found["sockets"] == []
    assert not found["connects"]["the engine over TCP"]


def test_a_container_reaches_the_api_and_services_on_all_interfaces_but_not_loopback(found: dict[str, Any]) -> None:
    assert {name for name, connected in found["connects"].items() if connected} == {
        "the API",
        "a service on all interfaces",
    }


def test_a_container_cannot_use_what_belongs_to_another_user(found: dict[str, Any]) -> None:
    """Whoever has the id of a storage may read it, as on the platform."""
    theirs = ("changing", "deleting", "Actor of another user", "starting the Actor of another user")
    statuses = {name: status for name, status in found["calls"].items() if name.startswith(theirs)}
    assert len(statuses) == 8
    assert set(statuses.values()) <= {403, 404}


def test_a_container_cannot_invent_a_token_if_there_are_users(found: dict[str, Any]) -> None:
    assert found["calls"]["its own user"] == 200
    assert found["calls"]["an invented token"] == found["calls"]["an invented run token"] == 401


def test_a_container_with_limited_permissions_reaches_only_its_own_storages(found: dict[str, Any]) -> None:
    assert found["calls"]["a storage that its input does not name"] == 403


def test_a_container_cannot_stop_the_server_or_use_another_host_name(found: dict[str, Any]) -> None:
    assert found["calls"]["stopping the server"] == 401
    assert found["calls"]["another host name"] in (400, 403, 421)
