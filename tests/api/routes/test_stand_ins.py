"""Stand-ins for Actors of Apify Store: the operator creates them in the name of a user who has no token."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import Actor
from tests.fakes.api import CONTROL_TOKEN, Api, problem

AS_APIFY = {"Greenroom-User": "apify"}


async def act(api: Api, method: str, path: str, **request: Any) -> Any:
    return await api.data(method, path, token=CONTROL_TOKEN, headers=AS_APIFY, **request)


async def create_stand_in(api: Api) -> Actor:
    """The public Actor apify/web-scraper with a build."""
    await api.call("PUT", "/greenroom/users/apify", token=CONTROL_TOKEN)
    shown = await act(api, "POST", "/v2/acts", json={"name": "web-scraper"})
    actor = api.orchestrator.actors.get(shown["id"])
    await api.create_build(actor, "latest")
    await act(api, "PUT", f"/v2/acts/{actor.id}", json={"isPublic": True})
    return api.orchestrator.actors.get(actor.id)


async def test_every_user_and_limited_run_can_call_a_stand_in(users: Api) -> None:
    actor = await create_stand_in(users)
    caller = await users.start()
    for token in ("alices-key", "bobs-key", caller.token):
        run = await users.data("POST", "/v2/acts/apify~web-scraper/runs", token=token)
        assert run["actId"] == actor.id
        assert run["userId"] != actor.user_id
    shown = await users.data("GET", "/v2/acts/apify~web-scraper", token="bobs-key")
    assert (shown["username"], shown["actorPermissionLevel"]) == ("apify", "LIMITED_PERMISSIONS")
    assert (await users.data("GET", "/v2/users/apify", token=None))["id"] == actor.user_id


async def test_only_the_operator_acts_for_a_stand_in_user(users: Api) -> None:
    actor = await create_stand_in(users)
    assert (await act(users, "GET", "/v2/users/me"))["username"] == "apify"
    me = await users.data("GET", "/v2/users/me", token="alices-key", headers=AS_APIFY)
    assert me["username"] == "alice"
    change = await users.call("PUT", f"/v2/acts/{actor.id}", token="alices-key", headers=AS_APIFY, json={"title": "x"})
    assert problem(change) == (403, "insufficient-permissions")
    for token in ("apify", "", actor.user_id):
        assert (await users.call("GET", "/v2/users/me", token=token)).status_code == 401


async def test_a_stand_in_survives_a_restart_and_its_user_can_get_a_token_later(api: Api) -> None:
    actor = await create_stand_in(api)
    first = await api.call("PUT", "/greenroom/users/apify", token=CONTROL_TOKEN)
    await api.restart_server()
    again = await api.call("PUT", "/greenroom/users/apify", token=CONTROL_TOKEN)
    assert first.json() == again.json() == {"id": actor.user_id, "username": "apify"}
    assert (await api.data("GET", "/v2/users/me"))["username"] == "local"
    await api.close()
    owner = Api(api.settings.data_dir, users={"key": "apify"})
    await owner.open()
    assert (await owner.data("GET", "/v2/acts/~web-scraper", token="key"))["id"] == actor.id
    await owner.close()
    await api.open()


async def test_the_operator_cannot_act_for_an_unknown_user(api: Api) -> None:
    unknown = await api.call("GET", "/v2/users/me", token=CONTROL_TOKEN, headers=AS_APIFY)
    assert problem(unknown) == (404, "record-not-found")


@pytest.mark.parametrize("name", ["me", "a b", "x" * 31, "~ann"])
async def test_an_invalid_username_is_rejected(api: Api, name: str) -> None:
    rejected = await api.call("PUT", f"/greenroom/users/{name}", token=CONTROL_TOKEN)
    assert problem(rejected) == (400, "invalid-value")


async def test_a_missing_actor_of_the_store_names_the_command_that_creates_a_stand_in(api: Api) -> None:
    missing = await api.call("POST", "/v2/acts/apify~web-scraper/runs")
    assert problem(missing) == (404, "actor-not-found")
    assert "greenroom push FOLDER --as apify/web-scraper" in missing.json()["error"]["message"]
