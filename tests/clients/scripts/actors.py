"""Two users work with one public Actor and its environment variables, with apify-client for Python.

Prints the results as JSON.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

from apify_client import ApifyClient
from apify_client.errors import ApifyApiError

GENERATION = int(version("apify_client").split(".")[0])
Client = Any
"""An ApifyClient of either generation. Their arguments and return values have different types."""


def main(url: str, alice: str, bob: str, actor: str) -> dict[str, Any]:
    owner: Client = ApifyClient(alice, api_url=url)
    other: Client = ApifyClient(bob, api_url=url)
    return {"variables": variables(owner.actor(actor).version("0.0")), "public": public(owner, other, actor)}


def variables(of_version: Client) -> dict[str, Any]:
    of_version.env_vars().create(name="SECRET", value="hunter2", is_secret=True)
    of_version.env_vars().create(name="OPEN", value="sesame")
    listed = plain(of_version.env_vars().list())
    variable = of_version.env_var("OPEN")
    result = {
        "listed": [(each["name"], each.get("value"), bool(each.get("isSecret"))) for each in listed["items"]],
        "changed": plain(variable.update(name="OPEN", value="other"))["value"],
        "shown": plain(variable.get())["value"],
        "taken": error_of(lambda: of_version.env_vars().create(name="OPEN", value="x")),
    }
    of_version.env_var("SECRET").delete()
    variable.delete()
    return {**result, "deleted": variable.get()}


def public(owner: Client, other: Client, actor: str) -> dict[str, Any]:
    name = plain(owner.actor(actor).get())["name"]
    private = other.actor(f"alice/{name}").get()
    owner.actor(actor).update(is_public=True)
    shared = other.actor(f"alice/{name}")
    run = plain(shared.call(**({"logger": None} if GENERATION > 1 else {})))
    return {
        "private": private,
        "versions": [
            (each["versionNumber"], each["sourceType"], each.get("sourceFiles"))
            for each in plain(shared.get())["versions"]
        ],
        "update": error_of(lambda: shared.update(title="Mine")),
        "status": run["status"],
        "isBobs": run["userId"] == plain(other.user("me").get())["id"],
        "runs": [plain(each)["id"] == run["id"] for each in shared.runs().list().items],
        "runsOfOwner": len(owner.actor(actor).runs().list().items),
        "mine": [plain(each)["username"] for each in other.actors().list(my=True).items],
        "used": [plain(each)["username"] for each in other.actors().list().items],
        "defaultBuild": plain(shared.default_build().get())["status"] if hasattr(shared, "default_build") else None,
    }


def error_of(call: Any) -> list[Any]:
    try:
        return [call()]
    except ApifyApiError as problem:
        return [problem.status_code, problem.type]


def plain(response: Any) -> Any:
    """Return a response as JSON values: the third generation returns models."""
    if hasattr(response, "model_dump"):
        return response.model_dump(by_alias=True, mode="json")
    return response if isinstance(response, dict) else vars(response)


print(json.dumps(main(*sys.argv[1:])))
