from __future__ import annotations

from typing import Any

import pytest

from api.request.parsing.pricing_infos import parse_pricing, parse_pricings
from runtime.base.errors import Invalid
from runtime.base.records import PricingModel
from tests.fakes.clock import START

AT = "2023-11-14T22:13:20.000Z"
EVENT = {"eventTitle": "Page", "eventDescription": "A page was read", "eventPriceUsd": 0.1}
Json = dict[str, Any]


def per_event(**events: Json) -> Json:
    return {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": events}}


def test_fields_that_clients_require_are_filled_in() -> None:
    parsed = parse_pricing(per_event(page={"eventPriceUsd": 0.1}), START)
    assert (parsed.model, parsed.started_at, parsed.event_prices_usd) == (
        PricingModel.PAY_PER_EVENT,
        START,
        {"page": 0.1},
    )
    assert parsed.shown == {
        "pricingModel": "PAY_PER_EVENT",
        "apifyMarginPercentage": 0.2,
        "createdAt": AT,
        "startedAt": AT,
        "pricingPerEvent": {"actorChargeEvents": {"page": {**EVENT, "eventTitle": "page", "eventDescription": ""}}},
    }


def test_other_fields_are_stored_as_they_were_sent() -> None:
    sent = {
        **per_event(page={**EVENT, "isOneTimeEvent": True, "isPrimaryEvent": True}),
        "minimalMaxTotalChargeUsd": 0.5,
        "isPPEPlatformUsagePaidByUser": True,
        "reasonForChange": "Costs",
        "apifyMarginPercentage": 0.1,
        "startedAt": "2023-01-01T00:00:00Z",
        "createdAt": "2022-12-31T23:00:00.000-01:00",
    }
    parsed = parse_pricing(sent, START)
    assert parsed.shown == {**sent, "startedAt": "2023-01-01T00:00:00.000Z", "createdAt": "2023-01-01T00:00:00.000Z"}
    assert (parsed.one_time_events, parsed.minimal_max_total_charge_usd, parsed.is_usage_paid_by_user) == (
        ("page",),
        0.5,
        True,
    )


def test_prices_by_tier_are_returned_as_they_were_sent_and_that_of_the_free_tier_is_the_default() -> None:
    tiers = {"FREE": {"tieredEventPriceUsd": 0.3}, "GOLD": {"tieredEventPriceUsd": 0.1}}
    parsed = parse_pricing(per_event(page={"eventTieredPricingUsd": tiers}, flat=EVENT), START)
    assert parsed.event_prices_usd == {"page": 0.3, "flat": 0.1}
    assert parsed.event_tier_prices_usd == {"page": {"FREE": 0.3, "GOLD": 0.1}}
    assert parsed.shown["pricingPerEvent"]["actorChargeEvents"]["page"]["eventTieredPricingUsd"] == tiers
    item = {"pricingModel": "PRICE_PER_DATASET_ITEM", "tieredPricing": {"FREE": {"tieredPricePerUnitUsd": 0.02}}}
    parsed = parse_pricing(item, START)
    assert (parsed.item_price_usd, parsed.item_tier_prices_usd) == (0.02, {"FREE": 0.02})


@pytest.mark.parametrize(
    ("sent", "model", "filled"),
    [
        ({"pricingModel": "FREE"}, PricingModel.FREE, {}),
        (
            {"pricingModel": "PRICE_PER_DATASET_ITEM", "pricePerUnitUsd": 0.002},
            PricingModel.PRICE_PER_DATASET_ITEM,
            {"unitName": "result"},
        ),
        (
            {"pricingModel": "FLAT_PRICE_PER_MONTH", "pricePerUnitUsd": 20},
            PricingModel.FLAT_PRICE_PER_MONTH,
            {"trialMinutes": 0},
        ),
    ],
)
def test_other_pricing_models(sent: Json, model: PricingModel, filled: Json) -> None:
    parsed = parse_pricing(sent, START)
    assert parsed.model is model
    assert parsed.shown == {**sent, **filled, "apifyMarginPercentage": 0.2, "createdAt": AT, "startedAt": AT}


@pytest.mark.parametrize(
    ("sent", "slug"),
    [
        ({}, "pricing-model-not-supported"),
        ({"pricingModel": "RENT"}, "pricing-model-not-supported"),
        ({"pricingModel": "PAY_PER_EVENT"}, "invalid-value"),
        (per_event(page={}), "invalid-value"),
        (per_event(page={"eventPriceUsd": -1}), "invalid-value"),
        (per_event(page={"eventPriceUsd": "0.1"}), "invalid-value"),
        (per_event(page={"eventPriceUsd": 1, "eventTitle": 5}), "invalid-value"),
        (per_event(page={"eventTieredPricingUsd": {"GOLD": {"tieredEventPriceUsd": 1}}}), "invalid-value"),
        (per_event(page={**EVENT, "eventTieredPricingUsd": {"FREE": {"tieredEventPriceUsd": 1}}}), "invalid-value"),
        (per_event(page={"eventTieredPricingUsd": {"FREE": {"tieredEventPriceUsd": 1}, "GOLD": {}}}), "invalid-value"),
        (per_event(**{"apify-unknown": EVENT}), "cannot-add-apify-events-to-ppe-actor"),
        ({"pricingModel": "PRICE_PER_DATASET_ITEM"}, "invalid-value"),
        ({"pricingModel": "FLAT_PRICE_PER_MONTH", "pricePerUnitUsd": None}, "invalid-value"),
        ({"pricingModel": "FREE", "startedAt": "tomorrow"}, "invalid-value"),
        ({"pricingModel": "FREE", "createdAt": 5}, "invalid-value"),
    ],
)
def test_invalid_pricing_is_rejected(sent: Json, slug: str) -> None:
    with pytest.raises(Invalid) as problem:
        parse_pricing(sent, START)
    assert problem.value.slug == slug


def test_existing_entries_can_be_sent_again_as_first_sent_or_as_returned() -> None:
    first, second = {"pricingModel": "FREE"}, per_event(page=EVENT)
    known = parse_pricings([first], (), START)
    for again in (first, known[0].shown):
        added = parse_pricings([again, second], known, START + 5)
        assert added[:1] == known
        assert added[1].started_at == START + 5


def test_existing_entries_cannot_be_changed() -> None:
    known = parse_pricings([per_event(page=EVENT)], (), START)
    for sent in ([], [per_event(page={**EVENT, "eventPriceUsd": 0.2})], [{"pricingModel": "FREE"}]):
        with pytest.raises(Invalid):
            parse_pricings(sent, known, START)
