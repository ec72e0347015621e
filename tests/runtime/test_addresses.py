from __future__ import annotations

from runtime.addresses import Addresses


def test_a_web_server_has_an_origin_of_its_own_where_the_machine_resolves_subdomains() -> None:
    assert Addresses(3333, resolves_subdomains=True).container_url("k3y") == "http://k3y.runs.localhost:3333"


def test_elsewhere_a_web_server_has_a_path_of_its_own() -> None:
    assert Addresses(3333, resolves_subdomains=False).container_url("k3y") == "http://localhost:3333/greenroom/web/k3y/"


def test_containers_and_people_reach_the_server_by_names_of_their_own() -> None:
    addresses = Addresses(4000, resolves_subdomains=True)
    assert addresses.public_base == "http://localhost:4000"
    assert addresses.container_base == "http://host.greenroom.internal:4000"
    assert addresses.events_url("s3cret") == "ws://host.greenroom.internal:4000/greenroom/events/s3cret"


def test_console_addresses_are_the_consoles_own_paths() -> None:
    url = Addresses(3333, resolves_subdomains=True).console_url("storage", "datasets", "abc")
    assert url == "http://localhost:3333/storage/datasets/abc"
