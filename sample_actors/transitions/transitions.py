"""Takes its own run through the transition that its input names, with the Apify SDK."""

from __future__ import annotations

import asyncio
from typing import Any

from apify import Actor, Event, Webhook
from crawlee.events import EventMigratingData, EventPersistStateData

DEFAULTS = {"do": "exit", "lives": 2, "leavesEarly": False}
TICK_SECS = 0.3

Given = dict[str, Any]
State = Any
"""`lives` counts the containers of the run, `ticks` the pauses of `wait`. The SDK stores both in the record STATE."""


async def main() -> None:
    async with Actor:
        given: Given = {**DEFAULTS, **(await Actor.get_input() or {})}
        state = await Actor.use_state({"lives": 0, "ticks": 0}, key="STATE")
        leaving = listen(given)
        state["lives"] += 1
        log_line(f"Life {state['lives']} begins after {state['ticks']} ticks: {given['do']}")
        result = await act(given, state, leaving)
        await Actor.set_value("OUTPUT", {"input": given, "result": result})
        await Actor.push_data({"did": given["do"], "lives": state["lives"]})
        ending = Actor.fail if given["do"] == "fail" else Actor.exit
        await ending(status_message=given.get("message"))


def listen(given: Given) -> asyncio.Event:
    """Log the events from the platform. Return an event that is set when the Actor should leave."""
    leaving = asyncio.Event()

    async def on_aborting(_: object) -> None:
        log_line("Received: aborting")
        if given["leavesEarly"]:
            leaving.set()

    async def on_persist_state(data: EventPersistStateData) -> None:
        log_line(f"Received: persistState, isMigrating {str(data.is_migrating).lower()}")

    async def on_migrating(data: EventMigratingData) -> None:
        if data.time_remaining is None:  # the SDK itself emits this second event when it reboots
            return
        log_line("Received: migrating")
        await Actor.set_value("MIGRATING", {"timeRemainingSecs": data.time_remaining.total_seconds()})
        if given["leavesEarly"]:
            await Actor.reboot()

    Actor.on(Event.ABORTING, on_aborting)
    Actor.on(Event.PERSIST_STATE, on_persist_state)
    Actor.on(Event.MIGRATING, on_migrating)
    return leaving


async def act(given: Given, state: State, leaving: asyncio.Event) -> Any:
    """Make the transition. Return the result for the output. Many transitions end this life."""
    match given["do"]:
        case "crash" if state["lives"] < given["lives"]:
            await Actor.exit(exit_code=1)
        case "reboot" if state["lives"] < given["lives"]:
            await Actor.set_status_message("Rebooting", is_terminal=True)
            await Actor.reboot()
        case "metamorph":
            await Actor.metamorph(given["target"], given.get("targetInput"))
        case "call":
            return await call(given)
        case "start":
            return {"runId": (await Actor.start(given["target"], given.get("targetInput"))).id}
        case "abort":
            return {"status": (await Actor.abort(given["runId"])).status}
        case "charge":
            return await charge(given, state, leaving)
        case "webhook":
            await add_webhook(given["url"])
        case "wait":
            await wait(state, leaving)
    return None


async def charge(given: Given, state: State, leaving: asyncio.Event) -> Given:
    """Push items and charge for as many pages. If the run reaches its maximum cost, wait for the platform to act."""
    await Actor.push_data([{"page": number} for number in range(given["pages"])])
    charged = await Actor.charge("page", count=given["pages"])
    result = {"charged": charged.charged_count, "limitReached": charged.event_charge_limit_reached}
    await Actor.set_value("CHARGED", result)
    if charged.event_charge_limit_reached:
        await wait(state, leaving)
    return result


async def call(given: Given) -> Given:
    run = await Actor.call(given["target"], given.get("targetInput"))
    dataset = await Actor.open_dataset(id=run.default_dataset_id)
    return {"runId": run.id, "status": run.status, "items": (await dataset.get_data()).items}


async def add_webhook(url: str) -> None:
    key = f"webhook-of-{Actor.configuration.actor_run_id}"
    webhook = Webhook(event_types=["ACTOR.RUN.SUCCEEDED"], request_url=url, idempotency_key=key)
    await Actor.add_webhook(webhook)
    await Actor.add_webhook(webhook)


async def wait(state: State, leaving: asyncio.Event) -> None:
    """Count ticks until the run's store has a record GO, or until it is time to leave."""
    while not leaving.is_set() and await Actor.get_value("GO") is None:
        state["ticks"] += 1
        await Actor.set_status_message(f"Waited {state['ticks']} ticks")
        await asyncio.sleep(TICK_SECS)


def log_line(text: str) -> None:
    print(text, flush=True)


asyncio.run(main())
