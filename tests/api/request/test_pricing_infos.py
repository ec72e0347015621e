from __future__ import annotations

from typing import Any

import pytest

from api.request.pricing_infos import pricing, pricings
from runtime.base.errors import Invalid
from runtime.base.records import PricingModel
from tests.fakes.clock import START

AT = "2023-11-14T22:13:20.000Z"
EVENT = {"eventTitle": "Page", "eventDescription": "A page was read", "eventPriceUsd": 0.1}
Json = dict[str, Any]


def per_event(**events: Json) -> Json:
    return {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": events}}


def test_what_clients_cannot_do_without_is_filled_in() -> None:
    read = pricing(per_event(page={"eventPriceUsd": 0.1}), START)
    assert (read.model, read.started_at, read.event_prices_usd) == (PricingModel.PAY_PER_EVENT, START, {"page": 0.1})
    assert read.shown == {
        "pricingModel": "PAY_PER_EVENT",
        "apifyMarginPercentage": 0.2,
        "createdAt": AT,
        "startedAt": AT,
        "pricingPerEvent": {"actorChargeEvents": {"page": {**EVENT, "eventTitle": "page", "eventDescription": ""}}},
    }


def test_the_rest_is_kept_as_it_was_sent() -> None:
    sent = {
        **per_event(page={**EVENT, "isOneTimeEvent": True, "isPrimaryEvent": True}),
        "minimalMaxTotalChargeUsd": 0.5,
        "isPPEPlatformUsagePaidByUser": True,
        "reasonForChange": "Costs",
        "apifyMarginPercentage": 0.1,
        "startedAt": "2023-01-01T00:00:00Z",
        "createdAt": "2022-12-31T23:00:00.000-01:00",
    }
    read = pricing(sent, START)
    assert read.shown == {**sent, "startedAt": "2023-01-01T00:00:00.000Z", "createdAt": "2023-01-01T00:00:00.000Z"}
    assert (read.one_time_events, read.minimal_max_total_charge_usd, read.is_usage_paid_by_user) == (
        ("page",),
        0.5,
        True,
    )


def test_a_tiered_price_is_that_of_the_free_tier() -> None:
    tiers = {"FREE": {"tieredEventPriceUsd": 0.3}, "GOLD": {"tieredEventPriceUsd": 0.1}}
    read = pricing(per_event(page={"eventTieredPricingUsd": tiers}), START)
    assert read.event_prices_usd == {"page": 0.3}
    assert read.shown["pricingPerEvent"]["actorChargeEvents"]["page"]["eventTieredPricingUsd"] == tiers
    item = {"pricingModel": "PRICE_PER_DATASET_ITEM", "tieredPricing": {"FREE": {"tieredPricePerUnitUsd": 0.02}}}
    assert pricing(item, START).item_price_usd == 0.02


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
def test_the_other_models(sent: Json, model: PricingModel, filled: Json) -> None:
    read = pricing(sent, START)
    assert read.model is model
    assert read.shown == {**sent, **filled, "apifyMarginPercentage": 0.2, "createdAt": AT, "startedAt": AT}


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
        (per_event(**{"apify-unknown": EVENT}), "cannot-add-apify-events-to-ppe-actor"),
        ({"pricingModel": "PRICE_PER_DATASET_ITEM"}, "invalid-value"),
        ({"pricingModel": "FLAT_PRICE_PER_MONTH", "pricePerUnitUsd": None}, "invalid-value"),
        ({"pricingModel": "FREE", "startedAt": "tomorrow"}, "invalid-value"),
        ({"pricingModel": "FREE", "createdAt": 5}, "invalid-value"),
    ],
)
def test_what_makes_no_sense_is_refused(sent: Json, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        pricing(sent, START)
    assert refused.value.slug == slug


def test_known_entries_may_be_sent_as_they_were_sent_first_or_as_they_are_shown() -> None:
    first, second = {"pricingModel": "FREE"}, per_event(page=EVENT)
    known = pricings([first], (), START)
    for again in (first, known[0].shown):
        added = pricings([again, second], known, START + 5)
        assert added[:1] == known
        assert added[1].started_at == START + 5


def test_known_entries_stay_as_they_are() -> None:
    known = pricings([per_event(page=EVENT)], (), START)
    for sent in ([], [per_event(page={**EVENT, "eventPriceUsd": 0.2})], [{"pricingModel": "FREE"}]):
        with pytest.raises(Invalid):
            pricings(sent, known, START)
