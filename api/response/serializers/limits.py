"""The JSON of a user's limits and usage."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.account_limits import CurrentUse, LimitsInForce
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict
from runtime.base.plans import NO_LIMIT
from runtime.billing.monthly_usage import Cycle, UsageReport


def common_limits(limits: LimitsInForce) -> JsonDict:
    """The limits that an account and its plan show with the same names. NO_LIMIT means that a limit is not enforced."""
    return {
        "maxMonthlyActorComputeUnits": NO_LIMIT,
        "maxMonthlyExternalDataTransferGbytes": NO_LIMIT,
        "maxMonthlyProxySerps": NO_LIMIT,
        "maxMonthlyResidentialProxyGbytes": NO_LIMIT,
        "maxActorMemoryGbytes": limits.max_memory_mbytes / 1024,
        "maxActorCount": limits.max_actors,
        "maxActorTaskCount": limits.max_tasks,
        "dataRetentionDays": limits.data_retention_days,
    }


def account_limits(limits: LimitsInForce, current: CurrentUse) -> JsonDict:
    """The limits in force, and what is used of them."""
    services = current.usage.services
    return {
        "monthlyUsageCycle": _cycle(current.usage.cycle),
        "limits": {
            **common_limits(limits),
            "maxMonthlyUsageUsd": limits.max_monthly_usage_usd,
            "maxScheduleCount": limits.max_schedules,
            "maxConcurrentActorJobs": limits.max_jobs,
            "maxTeamAccountSeatCount": 1,
        },
        "current": {
            "monthlyUsageUsd": current.usage.total_usd,
            "monthlyActorComputeUnits": services.get("ACTOR_COMPUTE_UNITS", 0),
            "monthlyExternalDataTransferGbytes": services.get("DATA_TRANSFER_EXTERNAL_GBYTES", 0),
            "monthlyProxySerps": round(services.get("PROXY_SERPS", 0)),
            "monthlyResidentialProxyGbytes": services.get("PROXY_RESIDENTIAL_TRANSFER_GBYTES", 0),
            "actorMemoryGbytes": current.memory_mbytes / 1024,
            "actorCount": current.actors,
            "actorTaskCount": current.tasks,
            "scheduleCount": current.schedules,
            "activeActorJobCount": current.jobs,
            "teamAccountSeatCount": 1,
        },
    }


def monthly_usage(report: UsageReport) -> JsonDict:
    """The usage of a cycle: in total, and for each day until now. There are no volume discounts."""
    return {
        "usageCycle": _cycle(report.cycle),
        "monthlyServiceUsage": _services(report.services, report.usd_per_unit),
        "dailyServiceUsages": [
            {
                "date": iso(day),
                "serviceUsage": _services(services, report.usd_per_unit),
                "totalUsageCreditsUsd": report.usd(services),
            }
            for day, services in report.days.items()
        ],
        "totalUsageCreditsUsdBeforeVolumeDiscount": report.total_usd,
        "totalUsageCreditsUsdAfterVolumeDiscount": report.total_usd,
    }


def _cycle(cycle: Cycle) -> JsonDict:
    return {"startAt": iso(cycle.start), "endAt": iso(cycle.end)}


def _services(quantities: Mapping[str, float], usd_per_unit: Mapping[str, float]) -> JsonDict:
    return {service: _service(quantity, usd_per_unit[service]) for service, quantity in quantities.items()}


def _service(quantity: float, unit_price_usd: float) -> JsonDict:
    amount_usd = quantity * unit_price_usd
    return {
        "quantity": quantity,
        "baseAmountUsd": amount_usd,
        "baseUnitPriceUsd": unit_price_usd,
        "amountAfterVolumeDiscountUsd": amount_usd,
        "priceTiers": [],
    }
