"""What two users do with one public Actor and its variables, with apify-client for Python; told as JSON."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

from apify_client import ApifyClient
from apify_client.errors import ApifyApiError

GENERATION = int(version("apify_client").split(".")[0])
Client = Any
"""An ApifyClient of either generation: what they take and answer is not of one type."""


def main(url: str, alice: str, bob: str, actor: str) -> dict[str, Any]:
    owner: Client = ApifyClient(alice, api_url=url)
    other: Client = ApifyClient(bob, api_url=url)
    return {"variables": variables(owner.actor(actor).version("0.0")), "public": public(owner, other, actor)}


def variables(of_version: Client) -> dict[str, Any]:
    of_version.env_vars().create(name="SECRET", value="hunter2", is_secret=True)
    of_version.env_vars().create(name="OPEN", value="sesame")
    listed = plain(of_version.env_vars().list())
    variable = of_version.env_var("OPEN")
    told = {
        "listed": [(each["name"], each.get("value"), each["isSecret"]) for each in listed["items"]],
        "changed": plain(variable.update(name="OPEN", value="other"))["value"],
        "shown": plain(variable.get())["value"],
        "taken": refusal(lambda: of_version.env_vars().create(name="OPEN", value="x")),
    }
    of_version.env_var("SECRET").delete()
    variable.delete()
    return {**told, "deleted": variable.get()}


def public(owner: Client, other: Client, actor: str) -> dict[str, Any]:
    name = plain(owner.actor(actor).get())["name"]
    private = other.actor(f"alice/{name}").get()
    owner.actor(actor).update(is_public=True)
    seen = other.actor(f"alice/{name}")
    run = plain(seen.call(**({"logger": None} if GENERATION > 1 else {})))
    return {
        "private": private,
        "versions": plain(seen.get())["versions"],
        "update": refusal(lambda: seen.update(title="Mine")),
        "status": run["status"],
        "isBobs": run["userId"] == plain(other.user("me").get())["id"],
        "runs": [plain(each)["id"] == run["id"] for each in seen.runs().list().items],
        "runsOfOwner": len(owner.actor(actor).runs().list().items),
        "mine": [plain(each)["username"] for each in other.actors().list(my=True).items],
        "used": [plain(each)["username"] for each in other.actors().list().items],
        "defaultBuild": plain(seen.default_build().get())["status"] if hasattr(seen, "default_build") else None,
    }


def refusal(call: Any) -> list[Any]:
    try:
        return [call()]
    except ApifyApiError as problem:
        return [problem.status_code, problem.type]


def plain(answer: Any) -> Any:
    """A model of the third generation as the JSON it came from."""
    if hasattr(answer, "model_dump"):
        return answer.model_dump(by_alias=True, mode="json")
    return answer if isinstance(answer, dict) else vars(answer)


print(json.dumps(main(*sys.argv[1:])))
