"""Which part of a job's usage has not been counted yet, who pays it, and on which day. Pure functions.

The user of a run pays its usage. If the Actor charges for its results, the user pays these charges instead, and the
Actor's owner pays the usage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runtime.base.clock import DAY_MILLIS, Millis
from runtime.base.records import Build, DailyUsage, PricingModel, Run
from runtime.billing import prices, usage

CHARGE_SERVICES: Mapping[PricingModel, str] = {
    PricingModel.PAY_PER_EVENT: "PAID_ACTORS_PER_EVENT",
    PricingModel.PRICE_PER_DATASET_ITEM: "PAID_ACTORS_PER_DATASET_ITEM",
}
"""The services under which the platform reports the charges of Actors. Their unit is one US dollar."""


def day_of(moment: Millis) -> Millis:
    """The beginning of the day in UTC."""
    return moment - moment % DAY_MILLIS


def count_run(
    run: Run, storages: Mapping[str, int], items: int, owner_id: str, now: Millis
) -> tuple[Run, list[DailyUsage]]:
    """The run with its usage until now marked as counted, and the part that was not counted before.

    `storages` is the usage of its storages, `items` the number of its results. `owner_id` is the owner of its Actor.
    What was counted stays counted, even if a storage that counted it has been deleted.
    """
    payer = run.user_id if prices.is_usage_for_user(run) else owner_id
    used = {service: (payer, quantity) for service, quantity in usage.of_run(run, storages, now).items()}
    charge = prices.charge_usd(run, items)
    if charge is not None and run.pricing is not None:
        used[CHARGE_SERVICES[run.pricing.model]] = (run.user_id, float(charge))
    counted, day = run.counted_usage, day_of(run.finished_at or now)
    added = [
        DailyUsage(user_id=user_id, day=day, service=service, quantity=quantity - counted.get(service, 0))
        for service, (user_id, quantity) in used.items()
        if quantity > counted.get(service, 0)
    ]
    return replace(run, counted_usage={**counted, **{each.service: used[each.service][1] for each in added}}), added


def count_build(build: Build, now: Millis) -> list[DailyUsage]:
    """The usage of a build until now, or until its end."""
    day = day_of(build.finished_at or now)
    return [
        DailyUsage(user_id=build.user_id, day=day, service=service, quantity=quantity)
        for service, quantity in usage.of_build(build, now).items()
        if quantity > 0
    ]
