from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.api import Api, problem

PRICING = {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": {"page": {"eventPriceUsd": 0.1}}}}
ACTORS: dict[str, dict[str, Any]] = {
    "maps": {"title": "Maps Crawler", "categories": ["TRAVEL"], "isPublic": True},
    "mail": {"description": "Sends letters", "isPublic": True, "pricingInfos": [PRICING]},
    "private": {"title": "Maps, but mine"},
}


@pytest.fixture
async def store(users: Api) -> Api:
    """Two public Actors: `maps` belongs to Alice, and `mail` to Bob."""
    for name, token in (("maps", "alices-key"), ("mail", "bobs-key"), ("private", "alices-key")):
        await users.data("POST", "/v2/acts", json={"name": name, **ACTORS[name]}, token=token)
        await users.clock.advance(1)
    return users


async def names(store: Api, query: str) -> list[str]:
    page = await store.data("GET", f"/v2/store{query}", token=None)
    assert page["total"] >= page["count"] == len(page["items"])
    return [each["name"] for each in page["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["maps", "mail"]),
        ("?search=MAPS", ["maps"]),
        ("?search=letters", ["mail"]),
        ("?search=bob", ["mail"]),
        ("?search=nothing", []),
        ("?category=TRAVEL", ["maps"]),
        ("?username=alice", ["maps"]),
        ("?pricingModel=PAY_PER_EVENT", ["mail"]),
        ("?pricingModel=FREE", ["maps"]),
        ("?sortBy=newest", ["mail", "maps"]),
        ("?sortBy=popularity", ["maps", "mail"]),
        ("?allowsAgenticUsers=1", ["mail"]),
        ("?allowsAgenticUsers=false", ["maps"]),
        ("?limit=1&offset=1", ["mail"]),
        ("?offset=5", []),
    ],
)
async def test_public_actors_are_listed_without_a_token(store: Api, query: str, found: list[str]) -> None:
    assert await names(store, query) == found


@pytest.fixture
async def market(users: Api) -> Api:
    """One public Actor of Alice for each pricing model, named after the model."""
    flat, item = {"pricePerUnitUsd": 20}, {"pricePerUnitUsd": 0.001}
    for model, fields in (("FREE", {}), ("FLAT_PRICE_PER_MONTH", flat), ("PRICE_PER_DATASET_ITEM", item)):
        body = {"name": model.lower().replace("_", "-"), "isPublic": True}
        pricing = {"pricingInfos": [{"pricingModel": model, **fields}]}
        await users.data("POST", "/v2/acts", json=body | pricing, token="alices-key")
    await users.data("POST", "/v2/acts", json={"name": "pay-per-event", **ACTORS["mail"]}, token="alices-key")
    return users


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["free", "pay-per-event"]),
        ("?includeUnrunnableActors=false", ["free", "pay-per-event"]),
        ("?includeUnrunnableActors=1", ["flat-price-per-month", "free", "pay-per-event", "price-per-dataset-item"]),
        ("?pricingModel=FLAT_PRICE_PER_MONTH", ["flat-price-per-month"]),
        ("?pricingModel=PRICE_PER_DATASET_ITEM&includeUnrunnableActors=true", ["price-per-dataset-item"]),
    ],
)
async def test_rented_actors_and_prices_per_item_are_listed_on_request(
    market: Api, query: str, found: list[str]
) -> None:
    assert sorted(await names(market, query)) == found


@pytest.mark.parametrize(
    ("search", "is_found"),
    [("crawler maps", True), ("MAPS  alice", True), ("maps letters", False), ("ostrich", True), ("maps ostrich", True)],
)
async def test_every_word_of_a_search_occurs_in_a_text_or_the_readme(store: Api, search: str, is_found: bool) -> None:
    maps = store.orchestrator.actors.public()[0]
    await store.create_build(maps, "latest", readme="# How to find an Ostrich")
    assert await names(store, f"?search={search}") == (["maps"] if is_found else [])


async def test_the_fields_of_an_actor(store: Api) -> None:
    shown = (await store.data("GET", "/v2/store?search=mail", token=None))["items"][0]
    stats, pricing = shown.pop("stats"), shown.pop("currentPricingInfo")
    assert (stats["totalRuns"], pricing["pricingModel"]) == (0, "PAY_PER_EVENT")
    assert shown == {
        "id": shown["id"],
        "title": "mail",
        "name": "mail",
        "username": "bob",
        "userFullName": "bob",
        "description": "Sends letters",
        "categories": [],
        "pictureUrl": None,
        "userPictureUrl": None,
        "badge": None,
        "isWhiteListedForAgenticPayments": True,
        "url": "http://localhost:3333/bob/mail",
        "notice": "NONE",
    }


@pytest.mark.parametrize("query", ["sortBy=price", "pricingModel=CHEAP", "pricingModel=free", "responseFormat=x"])
async def test_an_unknown_order_or_pricing_model_is_rejected(store: Api, query: str) -> None:
    assert problem(await store.call("GET", f"/v2/store?{query}", token=None)) == (400, "invalid-parameter")


async def test_the_short_form_for_language_models(store: Api) -> None:
    (shown,) = (await store.data("GET", "/v2/store?search=mail&responseFormat=agent", token=None))["items"]
    assert shown == {
        "id": shown["id"],
        "title": "mail",
        "name": "mail",
        "username": "bob",
        "description": "Sends letters",
        "notice": "NONE",
        "badge": None,
        "categories": [],
        "stats": {"totalRuns": 0, "totalUsers": 0, "totalUsers30Days": 0},
    }


async def test_a_match_in_the_title_is_more_relevant_than_one_in_the_description(store: Api) -> None:
    await store.data("POST", "/v2/acts", json={"name": "letters", "isPublic": True}, token="alices-key")
    assert await names(store, "?search=letters") == ["letters", "mail"]


async def test_actors_with_full_permissions_are_listed_on_request(store: Api) -> None:
    full = {"actorPermissionLevel": "FULL_PERMISSIONS"}
    await store.data("PUT", "/v2/acts/alice~maps", json=full, token="alices-key")
    assert await names(store, "") == ["mail"]
    assert await names(store, "?includeUnrunnableActors=1") == ["maps", "mail"]


@pytest.mark.parametrize(
    "change",
    [
        {"actorStandby": {"isEnabled": True}},
        {"actorPermissionLevel": "FULL_PERMISSIONS"},
        {"pricingInfos": [PRICING, PRICING | {"isPPEPlatformUsagePaidByUser": True}]},
    ],
)
async def test_agents_cannot_pay_for_some_actors(store: Api, change: dict[str, Any]) -> None:
    await store.data("PUT", "/v2/acts/bob~mail", json=change, token="bobs-key")
    assert await names(store, "?includeUnrunnableActors=1&allowsAgenticUsers=1") == []


async def test_the_users_of_an_actor_are_counted_by_their_last_run(store: Api) -> None:
    """The numbers remain when retention has deleted the runs."""
    await store.create_build(store.orchestrator.actors.public()[0], "latest")

    async def counts() -> tuple[int, ...]:
        stats = (await store.data("GET", "/v2/store?search=maps", token=None))["items"][0]["stats"]
        return tuple(stats[f"totalUsers{period}"] for period in ("", "7Days", "30Days", "90Days"))

    for token in ("alices-key", "alices-key", "bobs-key"):
        run = await store.data("POST", "/v2/acts/alice~maps/runs", token=token)
        await store.finish(store.orchestrator.runs.get(run["id"]))
        store.clock.jump(10 * 24 * 3600 if token == "alices-key" else 1)
    assert await counts() == (2, 1, 2, 2)
    store.clock.jump(31 * 24 * 3600)
    assert await counts() == (2, 0, 0, 2)
    assert await names(store, "?sortBy=popularity") == ["maps", "mail"]


async def test_a_metamorph_is_counted_for_the_actor_that_the_run_becomes(store: Api) -> None:
    await store.create_build(store.orchestrator.actors.public()[0], "latest")
    own = await store.start()
    await store.data("POST", f"/v2/actor-runs/{own.id}/metamorph?targetActorId=alice/maps", token="alices-key")
    shown = await store.data("GET", "/v2/acts/alice~maps", token="alices-key")
    assert (shown["stats"]["totalMetamorphs"], shown["stats"]["totalRuns"]) == (1, 0)
