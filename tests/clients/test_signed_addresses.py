"""URLs that the clients sign themselves, used without a token."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from apify_client import ApifyClient

from testing.api_client import TOKEN
from testing.live_server import LiveServer

pytestmark = pytest.mark.docker

SCRIPT = Path(__file__).parent / "scripts" / "signed.mjs"


@pytest.fixture(scope="module")
def restricted(server: LiveServer) -> tuple[str, str]:
    """A dataset and a key-value store that only their owner can read."""
    ids = [server.data("POST", word)["id"] for word in ("datasets", "key-value-stores")]
    for word, id in zip(("datasets", "key-value-stores"), ids, strict=True):
        server.data("PUT", f"{word}/{id}", json={"generalAccess": "RESTRICTED"})
    server.http.post(f"/v2/datasets/{ids[0]}/items", json={"a": 1}).raise_for_status()
    server.http.put(f"/v2/key-value-stores/{ids[1]}/records/KEY", content=b"x").raise_for_status()
    return ids[0], ids[1]


def python_urls(server: LiveServer, dataset: str, store: str) -> list[str]:
    client = ApifyClient(TOKEN, api_url=server.url, api_public_url=server.url)
    return [
        client.dataset(dataset).create_items_public_url(),
        client.dataset(dataset).create_items_public_url(expires_in=timedelta(hours=1)),
        client.key_value_store(store).create_keys_public_url(),
        client.key_value_store(store).get_record_public_url("KEY"),
    ]


def javascript_urls(server: LiveServer, dataset: str, store: str) -> list[str]:
    command = ["node", str(SCRIPT), server.url, TOKEN, dataset, store]
    urls: list[str] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return urls


@pytest.mark.parametrize("sign", [python_urls, javascript_urls])
def test_a_signed_address_needs_no_token(server: LiveServer, restricted: tuple[str, str], sign: object) -> None:
    assert callable(sign)
    with httpx.Client(trust_env=False) as anonymous:
        for url in sign(server, *restricted):
            assert anonymous.get(url.partition("?")[0]).status_code == 401
            assert anonymous.get(url).status_code == 200, url
