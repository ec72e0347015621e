"""The platform's plans: what each costs, allows and charges for a unit of platform usage, in US dollars.

Sources: the platform's pages "Pricing" and "Limits" in its documentation. Each plan belongs to a tier.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

FREE_TIER = "FREE"
"""The tier of users who do not pay. Its prices apply to every tier for which an Actor has no price."""
NO_LIMIT = 1_000_000
"""Stands for "no limit": the platform's limits are numbers, and clients reject null."""

STARTER_PRICES_USD: Mapping[str, float] = {
    "ACTOR_COMPUTE_UNITS": 0.2,
    "DATASET_READS": 0.0004 / 1000,
    "DATASET_WRITES": 0.005 / 1000,
    "KEY_VALUE_STORE_READS": 0.005 / 1000,
    "KEY_VALUE_STORE_WRITES": 0.05 / 1000,
    "KEY_VALUE_STORE_LISTS": 0.05 / 1000,
    "REQUEST_QUEUE_READS": 0.004 / 1000,
    "REQUEST_QUEUE_WRITES": 0.01 / 1000,
    "DATA_TRANSFER_INTERNAL_GBYTES": 0.05,
    "DATA_TRANSFER_EXTERNAL_GBYTES": 0.2,
    "PROXY_RESIDENTIAL_TRANSFER_GBYTES": 8.0,
    "PROXY_SERPS": 2.5 / 1000,
}
SCALE_PRICES_USD: Mapping[str, float] = {
    "ACTOR_COMPUTE_UNITS": 0.16,
    "DATASET_READS": 0.00036 / 1000,
    "DATASET_WRITES": 0.0045 / 1000,
    "KEY_VALUE_STORE_READS": 0.0045 / 1000,
    "KEY_VALUE_STORE_WRITES": 0.045 / 1000,
    "KEY_VALUE_STORE_LISTS": 0.045 / 1000,
    "REQUEST_QUEUE_READS": 0.0036 / 1000,
    "REQUEST_QUEUE_WRITES": 0.009 / 1000,
    "DATA_TRANSFER_INTERNAL_GBYTES": 0.045,
    "DATA_TRANSFER_EXTERNAL_GBYTES": 0.19,
    "PROXY_RESIDENTIAL_TRANSFER_GBYTES": 7.5,
    "PROXY_SERPS": 2 / 1000,
}
BUSINESS_PRICES_USD: Mapping[str, float] = {
    "ACTOR_COMPUTE_UNITS": 0.13,
    "DATASET_READS": 0.00032 / 1000,
    "DATASET_WRITES": 0.004 / 1000,
    "KEY_VALUE_STORE_READS": 0.004 / 1000,
    "KEY_VALUE_STORE_WRITES": 0.04 / 1000,
    "KEY_VALUE_STORE_LISTS": 0.04 / 1000,
    "REQUEST_QUEUE_READS": 0.0032 / 1000,
    "REQUEST_QUEUE_WRITES": 0.008 / 1000,
    "DATA_TRANSFER_INTERNAL_GBYTES": 0.04,
    "DATA_TRANSFER_EXTERNAL_GBYTES": 0.18,
    "PROXY_RESIDENTIAL_TRANSFER_GBYTES": 7.0,
    "PROXY_SERPS": 1.7 / 1000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan, for every user of an instance.

    `max_memory_mbytes` is the total memory of a user's live runs and builds, and `max_jobs` their number. None means
    that the host decides. `is_monthly_limit_fixed` is true if the user cannot change `max_monthly_usage_usd`. `tier`
    selects the price of an Actor whose prices depend on it.
    """

    id: str
    description: str
    tier: str
    usd_per_unit: Mapping[str, float]
    monthly_price_usd: float = 0
    monthly_credits_usd: float = 0
    max_monthly_usage_usd: float = NO_LIMIT
    is_monthly_limit_fixed: bool = False
    max_memory_mbytes: int | None = None
    max_jobs: int | None = None
    max_actors: int = 500
    max_tasks: int = 5000
    max_schedules: int = 100

    @property
    def is_paid(self) -> bool:
        return self.monthly_price_usd > 0


LOCAL = Plan(
    id="GREENROOM",
    description="The limits of this machine",
    tier=FREE_TIER,
    usd_per_unit=STARTER_PRICES_USD,
    max_actors=NO_LIMIT,
    max_tasks=NO_LIMIT,
    max_schedules=NO_LIMIT,
)
"""The plan of a server that is started without one."""


def parse_prices(text: str) -> dict[str, float]:
    """Return prices by unit from a text such as `ACTOR_COMPUTE_UNITS=0.25,DATASET_WRITES=0`. Raises ValueError."""
    prices = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        unit, _, price = (part.strip() for part in each.partition("="))
        if unit not in STARTER_PRICES_USD:
            raise ValueError(f"must be UNIT=PRICE with one of the units {', '.join(STARTER_PRICES_USD)}, not '{each}'")
        try:
            prices[unit] = float(price)
        except ValueError:
            prices[unit] = -1.0
        if not 0 <= prices[unit] < math.inf:
            raise ValueError(f"must be UNIT=PRICE with a number of at least 0, not '{each}'")
    return prices


def with_prices(plan: Plan, prices: Mapping[str, float]) -> Plan:
    """Return the plan with other prices for some units."""
    return replace(plan, usd_per_unit={**plan.usd_per_unit, **prices}) if prices else plan


class PlanName(StrEnum):
    """The values of `greenroom up --plan`."""

    FREE = "free"
    STARTER = "starter"
    SCALE = "scale"
    BUSINESS = "business"


PLANS: Mapping[str, Plan] = {
    PlanName.FREE: Plan(
        id="FREE",
        description="The platform's Free plan",
        tier=FREE_TIER,
        usd_per_unit=STARTER_PRICES_USD,
        monthly_credits_usd=5,
        max_monthly_usage_usd=5,
        is_monthly_limit_fixed=True,
        max_memory_mbytes=16_384,
        max_jobs=25,
    ),
    PlanName.STARTER: Plan(
        id="STARTER",
        description="The platform's Starter plan",
        tier="BRONZE",
        usd_per_unit=STARTER_PRICES_USD,
        monthly_price_usd=29,
        monthly_credits_usd=29,
        max_memory_mbytes=65_536,
        max_jobs=32,
    ),
    PlanName.SCALE: Plan(
        id="SCALE",
        description="The platform's Scale plan",
        tier="SILVER",
        usd_per_unit=SCALE_PRICES_USD,
        monthly_price_usd=199,
        monthly_credits_usd=199,
        max_memory_mbytes=262_144,
        max_jobs=128,
    ),
    PlanName.BUSINESS: Plan(
        id="BUSINESS",
        description="The platform's Business plan",
        tier="GOLD",
        usd_per_unit=BUSINESS_PRICES_USD,
        monthly_price_usd=999,
        monthly_credits_usd=999,
        max_memory_mbytes=524_288,
        max_jobs=256,
    ),
}
"""The platform's plans."""
