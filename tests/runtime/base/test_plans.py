from __future__ import annotations

from itertools import pairwise

import pytest

from runtime.base.plans import LOCAL, PLANS, Plan, PlanName


@pytest.mark.parametrize("plan", [LOCAL, *PLANS.values()], ids=lambda plan: str(plan.id))
def test_every_plan_has_a_price_for_every_unit(plan: Plan) -> None:
    assert plan.usd_per_unit.keys() == LOCAL.usd_per_unit.keys()


def test_bigger_plans_allow_more_and_cost_less_per_unit() -> None:
    plans = [PLANS[name] for name in PlanName]
    for smaller, bigger in pairwise(plans):
        assert (smaller.max_memory_mbytes or 0) < (bigger.max_memory_mbytes or 0)
        assert (smaller.max_jobs or 0) < (bigger.max_jobs or 0)
        assert all(bigger.usd_per_unit[unit] <= price for unit, price in smaller.usd_per_unit.items())
