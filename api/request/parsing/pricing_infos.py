"""Parsers of the `pricingInfos` of an Actor.

Fields: the pricing objects of the platform's API reference. Missing fields that clients require are filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.request.parsing.fields import field, parse_timestamp
from runtime.base.clock import Millis, iso
from runtime.base.errors import Invalid
from runtime.base.json_text import JsonObject
from runtime.base.plans import FREE_TIER
from runtime.base.records import Pricing, PricingModel
from runtime.billing.prices import SYNTHETIC_EVENTS, SYNTHETIC_PREFIX, check_appended

DEFAULT_MARGIN = 0.2
"""The platform's share of the price if a client sends none."""


def parse_pricings(sent: Sequence[JsonObject], known: Sequence[Pricing], now: Millis) -> tuple[Pricing, ...]:
    """An Actor's pricing: the entries that were sent, each merged over the `known` one at the same position."""
    before: list[JsonObject] = [pricing.shown for pricing in known]
    before += [{}] * (len(sent) - len(known))
    parsed = tuple(parse_pricing({**old, **new}, now) for old, new in zip(before, sent, strict=False))
    check_appended(known, parsed)
    return parsed


def parse_pricing(entry: JsonObject, now: Millis) -> Pricing:
    """One entry. Without a `startedAt`, it starts now."""
    model = _parse_model(field(entry, "pricingModel", str))
    started_at = _timestamp(entry, "startedAt", now)
    shown = {
        "apifyMarginPercentage": DEFAULT_MARGIN,
        **entry,
        "createdAt": iso(_timestamp(entry, "createdAt", now)),
        "startedAt": iso(started_at),
    }
    match model:
        case PricingModel.PAY_PER_EVENT:
            return _parse_pay_per_event(entry, shown, started_at)
        case PricingModel.PRICE_PER_DATASET_ITEM:
            price, in_tiers = _parse_price(entry, "pricePerUnitUsd", "tieredPricing", "tieredPricePerUnitUsd")
            return Pricing(
                model=model,
                started_at=started_at,
                item_price_usd=price,
                item_tier_prices_usd=in_tiers,
                shown={"unitName": "result", **shown},
            )
        case PricingModel.FLAT_PRICE_PER_MONTH:
            shown = {"trialMinutes": 0, **shown, "pricePerUnitUsd": _parse_amount(entry, "pricePerUnitUsd")}
    return Pricing(model=model, started_at=started_at, shown=shown)


def _parse_pay_per_event(entry: JsonObject, shown: JsonObject, started_at: Millis) -> Pricing:
    sent = field(field(entry, "pricingPerEvent", dict) or {}, "actorChargeEvents", dict[str, dict[str, Any]])
    if sent is None:
        raise Invalid("invalid-value", "Field 'pricingPerEvent.actorChargeEvents' is required with PAY_PER_EVENT")
    events = {name: _parse_event(name, event) for name, event in sent.items()}
    prices = {
        name: _parse_price(event, "eventPriceUsd", "eventTieredPricingUsd", "tieredEventPriceUsd")
        for name, event in events.items()
    }
    return Pricing(
        model=PricingModel.PAY_PER_EVENT,
        started_at=started_at,
        event_prices_usd={name: price for name, (price, _) in prices.items()},
        event_tier_prices_usd={name: in_tiers for name, (_, in_tiers) in prices.items() if in_tiers},
        one_time_events=tuple(name for name, event in events.items() if field(event, "isOneTimeEvent", bool)),
        minimal_max_total_charge_usd=field(entry, "minimalMaxTotalChargeUsd", float),
        is_usage_paid_by_user=field(entry, "isPPEPlatformUsagePaidByUser", bool) or False,
        shown={**shown, "pricingPerEvent": {"actorChargeEvents": events}},
    )


def _parse_event(name: str, event: JsonObject) -> JsonObject:
    if name.startswith(SYNTHETIC_PREFIX) and name not in SYNTHETIC_EVENTS:
        known = ", ".join(sorted(SYNTHETIC_EVENTS))
        raise Invalid("cannot-add-apify-events-to-ppe-actor", f"Event '{name}' is not one of the platform's: {known}")
    texts = {"eventTitle": name, "eventDescription": ""}
    return {**event, **{field_name: field(event, field_name, str) or text for field_name, text in texts.items()}}


def _parse_price(of: JsonObject, flat: str, tiers: str, in_tier: str) -> tuple[float, dict[str, float]]:
    """A flat price, or the price for the tier FREE and the prices for all tiers."""
    tiered = field(of, tiers, dict[str, dict[str, Any]])
    if tiered is None:
        return _parse_amount(of, flat), {}
    if of.get(flat) is not None or FREE_TIER not in tiered:
        raise Invalid("invalid-value", f"Send either '{flat}' or '{tiers}'. '{tiers}' needs a price for {FREE_TIER}")
    prices = {tier: _parse_amount(price, in_tier) for tier, price in tiered.items()}
    return prices[FREE_TIER], prices


def _parse_amount(of: JsonObject, name: str) -> float:
    amount = field(of, name, float)
    if amount is None or not 0 <= amount < float("inf"):
        raise Invalid("invalid-value", f"Field '{name}' must be an amount in US dollars, 0 or more")
    return amount


def _parse_model(text: str | None) -> PricingModel:
    if text is None or text not in set(PricingModel):
        raise Invalid("pricing-model-not-supported", f"'pricingModel' must be one of {', '.join(PricingModel)}")
    return PricingModel(text)


def _timestamp(entry: JsonObject, name: str, now: Millis) -> Millis:
    text = field(entry, name, str)
    if text is None:
        return now
    try:
        return parse_timestamp(text)
    except ValueError as problem:
        raise Invalid("invalid-value", f"Field '{name}' must be a time such as {iso(now)}, not '{text}'") from problem
