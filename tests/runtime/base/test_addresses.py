from __future__ import annotations

import pytest

from runtime.base.addresses import Addresses


def test_a_web_server_has_its_own_origin_if_the_machine_resolves_subdomains() -> None:
    assert Addresses(3333, resolves_subdomains=True).container_url("k3y") == "http://k3y.runs.localhost:3333"


def test_otherwise_a_web_server_has_its_own_path() -> None:
    assert Addresses(3333, resolves_subdomains=False).container_url("k3y") == "http://localhost:3333/greenroom/web/k3y"


def test_containers_and_the_host_use_different_names_of_the_server() -> None:
    addresses = Addresses(4000, resolves_subdomains=True)
    assert addresses.public_base == "http://localhost:4000"
    assert addresses.container_base == "http://host.greenroom.internal:4000"
    assert addresses.events_url("s3cret") == "ws://host.greenroom.internal:4000/greenroom/events/s3cret"


def test_console_urls_have_the_paths_of_the_apify_console() -> None:
    url = Addresses(3333, resolves_subdomains=True).console_url("storage", "datasets", "abc")
    assert url == "http://localhost:3333/storage/datasets/abc"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "host.greenroom.internal", "LocalHost"])
def test_urls_of_the_api_are_recognized_by_each_of_its_names(host: str) -> None:
    assert Addresses(3333, resolves_subdomains=True).is_api(f"http://{host}:3333/v2/acts/x/runs?a=b")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3334/v2/acts/x/runs",
        "http://localhost/v2/acts/x/runs",
        "https://localhost:3333/v2/acts/x/runs",
        "http://k3y.runs.localhost:3333/v2/acts/x/runs",
        "http://localhost:3333/greenroom/web/k3y/v2/",
        "http://localhost:3333/v2/../greenroom/web/k3y/",
        "http://localhost:3333/v2/%2e%2e/greenroom/web/k3y/",
        "http://localhost:3333/v2x/",
        "http://localhost:3333@example.com/v2/acts/x/runs",
        "http://example.com:3333/v2/acts/x/runs",
        "http://localhost.example.com:3333/v2/acts/x/runs",
    ],
)
def test_other_urls_do_not_belong_to_the_api(url: str) -> None:
    assert not Addresses(3333, resolves_subdomains=True).is_api(url)
