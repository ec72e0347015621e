"""The environment variables of a run's container: every variable of a feature that Greenroom emulates, by all names.

Source: "Actor environment variables" in the platform's documentation, and the SDKs. Two rules come from the SDKs. Both
spellings of a variable have one value: the JavaScript SDK prefers the old spelling, the Python SDK the new one. And a
variable without a value is omitted, except for the task's: the Python SDK fails on empty ones.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from runtime.base.addresses import HOST_IN_CONTAINERS, Addresses
from runtime.base.clock import iso
from runtime.base.json_text import Json
from runtime.base.plans import Plan
from runtime.base.records import Actor, Build, EnvVar, InputKey, Pricing, PricingModel, Run, User
from runtime.base.standby_labels import standby_label
from runtime.builds.web_server_port import WEB_SERVER_PORT_NAMES
from runtime.jobs.redaction import secret_values
from runtime.jobs.resource_limits import cpus, deadline

INPUT_KEY = "INPUT"
EVENTS_URL_NAMES = ("ACTOR_EVENTS_WEBSOCKET_URL", "APIFY_ACTOR_EVENTS_WS_URL")
PRICING_FIELDS = ("pricingModel", "pricePerUnitUsd", "tieredPricing", "unitName", "minimalMaxTotalChargeUsd")
EVENT_FIELDS = ("eventTitle", "eventPriceUsd", "eventTieredPricingUsd", "isOneTimeEvent", "isPrimaryEvent")


def variables(
    run: Run,
    actor: Actor,
    owner: User,
    build: Build,
    user: User,
    charged: Mapping[str, int],
    addresses: Addresses,
    plan: Plan,
    input_key: InputKey | None = None,
) -> dict[str, str]:
    """All variables of a run's container. The platform's variables override those of the version and of the run.

    `charged` counts the events that the run has charged so far. `plan` is the plan of its user. `input_key` decrypts
    the secrets in its input.
    """
    return {
        **{variable.name: variable.value for variable in (*build.env_vars, *own_variables(run))},
        **_identity(run, actor, owner, build),
        **_storages(run),
        **_limits(run),
        **_pricing(run, charged),
        **_addresses(run, addresses),
        **_named(addresses.standby_url(run.standby_label or standby_label(owner, actor)), "ACTOR_STANDBY_URL"),
        **_proxy(run, addresses),
        **_user(run, user, plan),
        **({} if input_key is None else _input_key(input_key)),
    }


def own_variables(run: Run) -> tuple[EnvVar, ...]:
    """The variables that were given for the run. They are for the Actor that was started, not for another one."""
    return () if run.metamorphs else run.env_vars


MASKED_NAMES = frozenset(
    (
        "APIFY_TOKEN",
        "APIFY_PROXY_PASSWORD",
        "APIFY_INPUT_SECRETS_PRIVATE_KEY_FILE",
        "APIFY_INPUT_SECRETS_PRIVATE_KEY_PASSPHRASE",
        *EVENTS_URL_NAMES,
    )
)
"""The platform's variables that give access to something. The URL of the events contains a key."""


def secrets(run: Run, build: Build) -> list[str]:
    """Values that must not appear in the run's log."""
    return [*secret_values(build.env_vars), run.token, *([run.proxy_password] if run.proxy_password else [])]


def _identity(run: Run, actor: Actor, owner: User, build: Build) -> dict[str, str]:
    tags = [tag for tag, tagged in actor.tagged_builds.items() if tagged.build_id == build.id]
    return {
        **_named(actor.id, "ACTOR_ID", "APIFY_ACTOR_ID", "APIFY_ACT_ID"),
        **_named(f"{owner.username}/{actor.name}", "ACTOR_FULL_NAME"),
        **_named(run.id, "ACTOR_RUN_ID", "APIFY_ACTOR_RUN_ID", "APIFY_ACT_RUN_ID"),
        **_named(build.id, "ACTOR_BUILD_ID", "APIFY_ACTOR_BUILD_ID"),
        **_named(build.number, "ACTOR_BUILD_NUMBER", "APIFY_ACTOR_BUILD_NUMBER"),
        **(_named(",".join(tags), "ACTOR_BUILD_TAGS") if tags else {}),
        **_named(run.task_id or "", "ACTOR_TASK_ID", "APIFY_ACTOR_TASK_ID"),
        **_named(iso(run.started_at), "ACTOR_STARTED_AT", "APIFY_STARTED_AT"),
        **_named(run.permission_level, "ACTOR_PERMISSION_LEVEL"),
        **_named(run.meta.origin, "APIFY_META_ORIGIN"),
        "APIFY_IS_AT_HOME": "1",
        "APIFY_HEADLESS": "1",
    }


def _storages(run: Run) -> dict[str, str]:
    ids = {
        "keyValueStores": {"default": run.default_key_value_store_id},
        "datasets": {"default": run.default_dataset_id, **run.datasets},
        "requestQueues": {"default": run.default_request_queue_id},
    }
    return {
        **_named(
            run.default_key_value_store_id, "ACTOR_DEFAULT_KEY_VALUE_STORE_ID", "APIFY_DEFAULT_KEY_VALUE_STORE_ID"
        ),
        **_named(run.default_dataset_id, "ACTOR_DEFAULT_DATASET_ID", "APIFY_DEFAULT_DATASET_ID"),
        **_named(run.default_request_queue_id, "ACTOR_DEFAULT_REQUEST_QUEUE_ID", "APIFY_DEFAULT_REQUEST_QUEUE_ID"),
        **_named(run.input_key, "ACTOR_INPUT_KEY", "APIFY_INPUT_KEY"),
        "ACTOR_STORAGES_JSON": _compact(ids),
    }


def _limits(run: Run) -> dict[str, str]:
    options = run.options
    ends = None if run.debug_port is not None else deadline(run)  # a debugger moves it, but variables cannot change
    limit_variables = {
        **_named(str(options.memory_mbytes), "ACTOR_MEMORY_MBYTES", "APIFY_MEMORY_MBYTES"),
        "APIFY_DEDICATED_CPUS": f"{cpus(options.memory_mbytes):g}",
    }
    if ends is not None:
        limit_variables |= _named(iso(ends), "ACTOR_TIMEOUT_AT", "APIFY_TIMEOUT_AT")
    if options.max_items is not None:
        limit_variables["ACTOR_MAX_PAID_DATASET_ITEMS"] = str(options.max_items)
    if options.max_total_charge_usd is not None:
        limit_variables["ACTOR_MAX_TOTAL_CHARGE_USD"] = str(options.max_total_charge_usd)
    if options.restart_on_error:
        limit_variables["ACTOR_RESTART_ON_ERROR"] = "1"
    return limit_variables


def _pricing(run: Run, charged: Mapping[str, int]) -> dict[str, str]:
    return {
        "APIFY_ACTOR_PRICING_INFO": _compact({} if run.pricing is None else _pricing_info(run.pricing)),
        "APIFY_CHARGED_ACTOR_EVENT_COUNTS": _compact(charged),
    }


def _pricing_info(pricing: Pricing) -> dict[str, Json]:
    """The part of a pricing that the platform puts here: the model, and the names and prices of the charged events."""
    info = {name: pricing.shown[name] for name in PRICING_FIELDS if name in pricing.shown}
    if pricing.model is PricingModel.PAY_PER_EVENT:
        events = pricing.shown["pricingPerEvent"]["actorChargeEvents"]
        charge_events = {
            name: {key: event[key] for key in EVENT_FIELDS if key in event} for name, event in events.items()
        }
        info["pricingPerEvent"] = {"actorChargeEvents": charge_events}
    return info


def _addresses(run: Run, addresses: Addresses) -> dict[str, str]:
    return {
        **_named(addresses.events_url(run.events_key), *EVENTS_URL_NAMES),
        **_named(run.container_url, "ACTOR_WEB_SERVER_URL", "APIFY_CONTAINER_URL"),
        **_named(str(run.web_server_port), *WEB_SERVER_PORT_NAMES),
        "APIFY_API_BASE_URL": addresses.container_base,
        "APIFY_API_PUBLIC_BASE_URL": addresses.public_base,
    }


def _proxy(run: Run, addresses: Addresses) -> dict[str, str]:
    if addresses.proxy_port is None or not run.proxy_password:
        return {}
    return {
        "APIFY_PROXY_HOSTNAME": HOST_IN_CONTAINERS,
        "APIFY_PROXY_PORT": str(addresses.proxy_port),
        "APIFY_PROXY_PASSWORD": run.proxy_password,
        "APIFY_PROXY_STATUS_URL": f"http://{HOST_IN_CONTAINERS}:{addresses.proxy_port}",
    }


def _user(run: Run, user: User, plan: Plan) -> dict[str, str]:
    return {
        "APIFY_TOKEN": run.token,
        "APIFY_USER_ID": user.id,
        "APIFY_USER_PRICING_TIER": plan.tier,
        **({"APIFY_USER_IS_PAYING": "1"} if plan.is_paid else {}),
    }


def _input_key(key: InputKey) -> dict[str, str]:
    return {
        "APIFY_INPUT_SECRETS_PRIVATE_KEY_FILE": base64.b64encode(key.private_key.encode()).decode(),
        "APIFY_INPUT_SECRETS_PRIVATE_KEY_PASSPHRASE": key.passphrase,
    }


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def _named(value: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, str(value))
