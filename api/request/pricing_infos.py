"""Reading an Actor's `pricingInfos` out of what clients send. Raises Invalid, naming the field.

Fields: the pricing objects of the platform's API reference. What clients cannot do without is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.request.parsing import field, moment
from runtime.base.clock import Millis, iso
from runtime.base.errors import Invalid
from runtime.base.json_text import JsonObject
from runtime.base.records import Pricing, PricingModel
from runtime.billing.prices import SYNTHETIC_EVENTS, SYNTHETIC_PREFIX, check_appended

TIER = "FREE"
"""The local user's: where prices differ by the user's tier, this one's hold."""
USUAL_MARGIN = 0.2


def pricings(sent: Sequence[JsonObject], known: Sequence[Pricing], now: Millis) -> tuple[Pricing, ...]:
    """The Actor's pricing after these entries were written over the known ones."""
    before: list[JsonObject] = [pricing.shown for pricing in known]
    before += [{}] * (len(sent) - len(known))
    read = tuple(pricing({**old, **new}, now) for old, new in zip(before, sent, strict=False))
    check_appended(known, read)
    return read


def pricing(entry: JsonObject, now: Millis) -> Pricing:
    """One entry; it holds from now on where it does not say since when."""
    model = _model(field(entry, "pricingModel", str))
    started_at = _moment(entry, "startedAt", now)
    shown = {
        "apifyMarginPercentage": USUAL_MARGIN,
        **entry,
        "createdAt": iso(_moment(entry, "createdAt", now)),
        "startedAt": iso(started_at),
    }
    match model:
        case PricingModel.PAY_PER_EVENT:
            return _pay_per_event(entry, shown, started_at)
        case PricingModel.PRICE_PER_DATASET_ITEM:
            price = _price(entry, "pricePerUnitUsd", "tieredPricing", "tieredPricePerUnitUsd")
            shown = {"unitName": "result", **shown}
            return Pricing(model=model, started_at=started_at, item_price_usd=price, shown=shown)
        case PricingModel.FLAT_PRICE_PER_MONTH:
            shown = {"trialMinutes": 0, **shown, "pricePerUnitUsd": _amount(entry, "pricePerUnitUsd")}
    return Pricing(model=model, started_at=started_at, shown=shown)


def _pay_per_event(entry: JsonObject, shown: JsonObject, started_at: Millis) -> Pricing:
    sent = field(field(entry, "pricingPerEvent", dict) or {}, "actorChargeEvents", dict[str, dict[str, Any]])
    if sent is None:
        raise Invalid("invalid-value", "Field 'pricingPerEvent.actorChargeEvents' is required with PAY_PER_EVENT")
    events = {name: _event(name, event) for name, event in sent.items()}
    return Pricing(
        model=PricingModel.PAY_PER_EVENT,
        started_at=started_at,
        event_prices_usd={
            name: _price(event, "eventPriceUsd", "eventTieredPricingUsd", "tieredEventPriceUsd")
            for name, event in events.items()
        },
        one_time_events=tuple(name for name, event in events.items() if field(event, "isOneTimeEvent", bool)),
        minimal_max_total_charge_usd=field(entry, "minimalMaxTotalChargeUsd", float),
        is_usage_paid_by_user=field(entry, "isPPEPlatformUsagePaidByUser", bool) or False,
        shown={**shown, "pricingPerEvent": {"actorChargeEvents": events}},
    )


def _event(name: str, event: JsonObject) -> JsonObject:
    if name.startswith(SYNTHETIC_PREFIX) and name not in SYNTHETIC_EVENTS:
        known = ", ".join(sorted(SYNTHETIC_EVENTS))
        raise Invalid("cannot-add-apify-events-to-ppe-actor", f"Event '{name}' is not one of the platform's: {known}")
    texts = {"eventTitle": name, "eventDescription": ""}
    return {**event, **{field_name: field(event, field_name, str) or text for field_name, text in texts.items()}}


def _price(of: JsonObject, flat: str, tiers: str, in_tier: str) -> float:
    """A price that is the same for all users, or that of the local user's tier."""
    tiered = field(of, tiers, dict[str, dict[str, Any]])
    if tiered is None:
        return _amount(of, flat)
    if of.get(flat) is not None or TIER not in tiered:
        raise Invalid("invalid-value", f"Give either '{flat}' or '{tiers}', and with the latter a price for {TIER}")
    return _amount(tiered[TIER], in_tier)


def _amount(of: JsonObject, name: str) -> float:
    amount = field(of, name, float)
    if amount is None or not 0 <= amount < float("inf"):
        raise Invalid("invalid-value", f"Field '{name}' must be an amount in US dollars, 0 or more")
    return amount


def _model(text: str | None) -> PricingModel:
    if text is None or text not in set(PricingModel):
        raise Invalid("pricing-model-not-supported", f"'pricingModel' must be one of {', '.join(PricingModel)}")
    return PricingModel(text)


def _moment(entry: JsonObject, name: str, now: Millis) -> Millis:
    text = field(entry, name, str)
    if text is None:
        return now
    try:
        return moment(text)
    except ValueError as problem:
        raise Invalid("invalid-value", f"Field '{name}' must be a time such as {iso(now)}, not '{text}'") from problem
