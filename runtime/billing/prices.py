"""The prices of Actors: the pricing in force, the charges of a run, and the maximum cost.

Prices are in US dollars. Sources: the platform's pages on monetization, and the pricing and charge objects of its API.
The SDKs count the two synthetic events, but do not charge for them: the platform does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from runtime.base.clock import Millis
from runtime.base.errors import Forbidden, Invalid
from runtime.base.records import Pricing, PricingModel, Run, RunOptions

START_EVENT = "apify-actor-start"
"""Charged when a run starts, once for each gigabyte of its memory, rounded up."""
ITEM_EVENT = "apify-default-dataset-item"
"""Charged for each item in the run's default dataset, no matter who pushed it."""
SYNTHETIC_EVENTS = frozenset({START_EVENT, ITEM_EVENT})
SYNTHETIC_PREFIX = "apify-"
RESULT_MODELS = (PricingModel.PAY_PER_EVENT, PricingModel.PRICE_PER_DATASET_ITEM)
"""The models in which users pay for the results of an Actor."""
MAX_CHARGE_COUNT = 10_000_000
IDEMPOTENCY_MILLIS = 180_000
"""How long the idempotency key of a charge is remembered."""


def in_force(pricings: Sequence[Pricing], now: Millis) -> Pricing | None:
    """The pricing of new runs; None if the Actor has no pricing yet."""
    begun = [pricing for pricing in pricings if pricing.started_at <= now]
    return begun[-1] if begun else None


def in_tier(pricing: Pricing | None, tier: str) -> Pricing | None:
    """The pricing with the prices for a tier. A price that is not defined for the tier is that of FREE."""
    if pricing is None:
        return None
    for_tier = {event: in_tiers[tier] for event, in_tiers in pricing.event_tier_prices_usd.items() if tier in in_tiers}
    return replace(
        pricing,
        event_prices_usd={**pricing.event_prices_usd, **for_tier},
        item_price_usd=pricing.item_tier_prices_usd.get(tier, pricing.item_price_usd),
    )


def check_appended(known: Sequence[Pricing], sent: Sequence[Pricing]) -> None:
    """Raises Invalid if `sent` does more than append to an Actor's `known` pricing."""
    if len(sent) < len(known):
        raise Invalid(
            "cannot-remove-pricing-info", "Entries of 'pricingInfos' cannot be removed. Append a new entry instead."
        )
    starts, shown = [pricing.started_at for pricing in sent], [pricing.shown for pricing in sent]
    if shown[: len(known)] != [pricing.shown for pricing in known] or starts != sorted(starts):
        raise Invalid(
            "cannot-add-pricing-info-that-alters-past",
            "'pricingInfos' can only be appended to. Send the known entries unchanged, followed by a new entry that "
            "does not start before them.",
        )


def check_max_charge(pricing: Pricing | None, options: RunOptions) -> None:
    """Raises Invalid for a maximum cost below the minimum that the Actor accepts."""
    least = pricing.minimal_max_total_charge_usd if pricing is not None else None
    if least is not None and options.max_total_charge_usd is not None and options.max_total_charge_usd < least:
        raise Invalid(
            "max-total-charge-usd-below-minimum",
            f"'maxTotalChargeUsd' is {options.max_total_charge_usd:g}. This Actor requires at least {least:g}.",
        )


def at_start(pricing: Pricing | None, memory_mbytes: int) -> dict[str, int]:
    """The events that a run charges when it starts."""
    if pricing is None or START_EVENT not in pricing.event_prices_usd:
        return {}
    return {START_EVENT: max(1, math.ceil(memory_mbytes / 1024))}


def check_event(run: Run, event: str) -> None:
    """Raises Forbidden and Invalid if the run cannot charge for this event."""
    pricing = run.pricing
    if event.startswith(SYNTHETIC_PREFIX):
        raise Forbidden(
            "cannot-charge-apify-event",
            f"Event '{event}' is charged by the platform itself. It cannot be charged through the API.",
        )
    if pricing is None or pricing.model is not PricingModel.PAY_PER_EVENT:
        raise Forbidden(
            "cannot-charge-non-pay-per-event-actor",
            "The Actor was not pay-per-event when this run started. Append PAY_PER_EVENT to its 'pricingInfos'.",
        )
    if event not in pricing.event_prices_usd:
        known = ", ".join(sorted(pricing.event_prices_usd)) or "none"
        raise Invalid("invalid-value", f"The Actor's pricing has no event '{event}'. Its events: {known}.")


def charged(run: Run, event: str, count: int) -> Run:
    """The run with `count` more events charged. A one-time event is counted once. Raises Invalid."""
    if not 0 < count <= MAX_CHARGE_COUNT:
        raise Invalid("invalid-value", f"'count' must be from 1 to {MAX_CHARGE_COUNT}, not {count}")
    one_time = run.pricing is not None and event in run.pricing.one_time_events
    total = 1 if one_time else run.charged_event_counts.get(event, 0) + count
    return replace(run, charged_event_counts={**run.charged_event_counts, event: total})


def event_counts(run: Run, items: int) -> dict[str, int]:
    """All events that a run has charged. `items` is the number of items in its default dataset."""
    pricing = run.pricing
    if pricing is None or ITEM_EVENT not in pricing.event_prices_usd or not items:
        return dict(run.charged_event_counts)
    return {**run.charged_event_counts, ITEM_EVENT: items}


def charge_usd(run: Run, items: int) -> Decimal | None:
    """The charge for the run's results; None if the Actor's pricing does not charge for results."""
    pricing = run.pricing
    if pricing is not None and pricing.model is PricingModel.PAY_PER_EVENT:
        return _events_usd(pricing.event_prices_usd, event_counts(run, items))
    if pricing is not None and pricing.model is PricingModel.PRICE_PER_DATASET_ITEM:
        return exact(pricing.item_price_usd) * billed_items(run, items)
    return None


def is_usage_for_user(run: Run) -> bool:
    """Whether the run's user pays for its platform usage. Otherwise the Actor's developer pays it from the charges."""
    pricing = run.pricing
    return pricing is None or pricing.model not in RESULT_MODELS or pricing.is_usage_paid_by_user


def billed_items(run: Run, items: int) -> int:
    """The items that a pay-per-result run is billed for, at most `maxItems`."""
    return items if run.options.max_items is None else min(items, run.options.max_items)


def _events_usd(prices: Mapping[str, float], counts: Mapping[str, int]) -> Decimal:
    """Sums in decimals: ten events of 0.1 reach a limit of 1."""
    return sum((exact(prices.get(event, 0)) * count for event, count in counts.items()), Decimal())


def exact(price: float) -> Decimal:
    """The amount as a decimal, without the rounding error of the float: 0.1 becomes exactly 0.1."""
    return Decimal(str(price))
