"""URLs that the clients sign themselves, used without a token."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from apify_client import ApifyClient
from apify_client.errors import ApifyApiError

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


def test_another_user_needs_a_signature_for_a_storage_of_a_restricted_account(tmp_path: Path) -> None:
    users = ["--user", f"ann:{TOKEN}", "--user", "bob:bobs-token", "--general-access", "ann:RESTRICTED"]
    server = LiveServer(tmp_path, options=users)
    server.start()
    try:
        ann = ApifyClient(TOKEN, api_url=server.url, api_public_url=server.url)
        bob = ApifyClient("bobs-token", api_url=server.url, api_public_url=server.url)
        id = ann.datasets().get_or_create(name="mine").id
        ann.dataset(id).push_items([{"a": 1}])
        with pytest.raises(ApifyApiError, match="Insufficient permissions for the dataset"):
            bob.dataset(id).list_items()
        signature = parse_qs(urlsplit(ann.dataset(id).create_items_public_url()).query)["signature"][0]
        assert bob.dataset(id).list_items(signature=signature).items == [{"a": 1}]
    finally:
        server.close()
