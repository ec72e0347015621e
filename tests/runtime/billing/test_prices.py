from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from runtime.base.errors import GreenroomError
from runtime.base.records import Pricing, PricingModel, Run
from runtime.billing import prices
from runtime.billing.prices import ITEM_EVENT, START_EVENT
from tests.fakes.clock import START
from tests.fakes.records import a_pricing, a_run, options

PAGE = a_pricing({"page": 0.1})
PER_ITEM = Pricing(model=PricingModel.PRICE_PER_DATASET_ITEM, started_at=START, item_price_usd=0.002)
FREE = Pricing(model=PricingModel.FREE, started_at=START)


def slug_of_rejected_charge(run: Run, event: str, count: int = 1) -> str:
    with pytest.raises(GreenroomError) as error:
        prices.check_event(run, event)
        prices.charged(run, event, count)
    return error.value.slug


def test_the_pricing_in_force_is_the_newest_one_that_has_started() -> None:
    later = a_pricing(started_at=START + 10)
    pricings = (FREE, later)
    assert prices.in_force(pricings, START - 1) is None
    assert prices.in_force(pricings, START) is FREE
    assert prices.in_force(pricings, START + 9) is FREE
    assert prices.in_force(pricings, START + 10) is later


@pytest.mark.parametrize(
    ("sent", "slug"),
    [
        ((FREE, PAGE), None),
        ((FREE, PAGE, a_pricing(started_at=START + 1)), None),
        ((FREE,), "cannot-remove-pricing-info"),
        ((PAGE, FREE), "cannot-add-pricing-info-that-alters-past"),
        ((FREE, a_pricing({"page": 0.2})), "cannot-add-pricing-info-that-alters-past"),
        ((FREE, PAGE, a_pricing(started_at=START - 1)), "cannot-add-pricing-info-that-alters-past"),
    ],
)
def test_pricings_can_be_added_but_not_changed_or_removed(sent: tuple[Pricing, ...], slug: str | None) -> None:
    try:
        prices.check_appended((FREE, PAGE), sent)
    except GreenroomError as error:
        assert error.slug == slug
    else:
        assert slug is None


def test_an_entry_from_before_prices_by_tier_can_be_sent_again() -> None:
    known = a_pricing({"page": 0.1}, shown={"a": 1})
    prices.check_appended((known,), (replace(known, event_tier_prices_usd={"page": {"FREE": 0.1}}),))


def test_the_prices_for_a_tier_replace_those_of_the_free_tier() -> None:
    events = a_pricing({"page": 0.3, "flat": 0.2}, event_tier_prices_usd={"page": {"FREE": 0.3, "GOLD": 0.1}})
    items = replace(PER_ITEM, item_tier_prices_usd={"FREE": 0.002, "GOLD": 0.001})
    for tier, page, item in (("FREE", 0.3, 0.002), ("GOLD", 0.1, 0.001), ("SILVER", 0.3, 0.002)):
        by_event, by_item = prices.in_tier(events, tier), prices.in_tier(items, tier)
        assert by_event and by_event.event_prices_usd == {"page": page, "flat": 0.2}
        assert by_item and by_item.item_price_usd == item
    assert prices.in_tier(None, "GOLD") is None


@pytest.mark.parametrize(("mbytes", "events"), [(128, 1), (1024, 1), (2048, 2), (4096, 4), (32_768, 32)])
def test_the_start_is_charged_once_for_each_gigabyte(mbytes: int, events: int) -> None:
    assert prices.at_start(a_pricing({START_EVENT: 0.00005}), mbytes) == {START_EVENT: events}


def test_the_start_is_charged_only_if_the_pricing_has_its_event() -> None:
    assert prices.at_start(PAGE, 4096) == prices.at_start(None, 4096) == prices.at_start(FREE, 4096) == {}


def test_charges_are_validated_in_the_order_of_the_platform() -> None:
    free, paid = a_run(pricing=FREE), a_run(pricing=PAGE)
    assert slug_of_rejected_charge(free, ITEM_EVENT) == "cannot-charge-apify-event"
    assert (
        slug_of_rejected_charge(free, "page")
        == slug_of_rejected_charge(a_run(), "page")
        == "cannot-charge-non-pay-per-event-actor"
    )
    assert slug_of_rejected_charge(paid, "unknown", -1) == "invalid-value"
    for count in (0, -1, prices.MAX_CHARGE_COUNT + 1):
        assert slug_of_rejected_charge(paid, "page", count) == "invalid-value"


def test_charges_of_an_event_add_up() -> None:
    run = prices.charged(prices.charged(a_run(pricing=PAGE), "page", 3), "page", 4)
    assert run.charged_event_counts == {"page": 7}


def test_a_one_time_event_is_counted_once() -> None:
    run = a_run(pricing=a_pricing({"setup": 1}, one_time_events=("setup",)))
    assert prices.charged(prices.charged(run, "setup", 5), "setup", 1).charged_event_counts == {"setup": 1}


def test_items_are_an_event_only_if_the_pricing_has_it() -> None:
    run = a_run(pricing=a_pricing({"page": 0.1, ITEM_EVENT: 0.01}), charged_event_counts={"page": 2})
    assert prices.event_counts(run, 5) == {"page": 2, ITEM_EVENT: 5}
    assert prices.event_counts(run, 0) == {"page": 2}
    assert prices.event_counts(a_run(pricing=PAGE), 5) == {}


def test_charges_have_no_rounding_errors() -> None:
    run = a_run(pricing=a_pricing({"page": 0.1, ITEM_EVENT: 0.01}), charged_event_counts={"page": 10})
    assert prices.charge_usd(run, 0) == 1
    assert prices.charge_usd(run, 3) == Decimal("1.03")


def test_items_are_billed_up_to_max_items() -> None:
    run = a_run(pricing=PER_ITEM, options=options(max_items=100))
    assert (prices.billed_items(run, 99), prices.billed_items(run, 101)) == (99, 100)
    assert prices.charge_usd(run, 5000) == Decimal("0.2")
    assert prices.charge_usd(a_run(pricing=PER_ITEM), 5000) == 10


def test_an_actor_without_a_price_charges_nothing() -> None:
    assert prices.charge_usd(a_run(), 5) is prices.charge_usd(a_run(pricing=FREE), 5) is None


@pytest.mark.parametrize(
    ("pricing", "pays"),
    [(None, True), (FREE, True), (PAGE, False), (PER_ITEM, False), (a_pricing(is_usage_paid_by_user=True), True)],
)
def test_the_pricing_decides_whether_the_user_pays_for_usage(pricing: Pricing | None, pays: bool) -> None:
    assert prices.is_usage_for_user(a_run(pricing=pricing)) is pays


def test_a_maximum_charge_below_the_actors_minimum_is_rejected() -> None:
    pricing = a_pricing({"page": 0.1}, minimal_max_total_charge_usd=0.5)
    prices.check_max_charge(pricing, options(max_total_charge_usd=0.5))
    prices.check_max_charge(pricing, options())
    prices.check_max_charge(None, options(max_total_charge_usd=0.1))
    with pytest.raises(GreenroomError, match="requires at least") as error:
        prices.check_max_charge(pricing, options(max_total_charge_usd=0.49))
    assert error.value.slug == "max-total-charge-usd-below-minimum"
