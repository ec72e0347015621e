from __future__ import annotations

from tests.fakes.api import Api


async def test_my_own_user(api: Api) -> None:
    me = await api.data("GET", "/v2/users/me")
    assert (me["id"], me["username"]) == (api.user.id, "local")
    assert me["plan"]["maxActorMemoryGbytes"] == 16
    assert me["proxy"] == {"password": "", "groups": []}


async def test_other_users_are_returned_without_a_token_and_without_secrets(api: Api) -> None:
    shown = await api.data("GET", "/v2/users/local", token=None)
    assert shown == {"id": api.user.id, "username": "local", "profile": {"name": "local"}}


async def test_a_user_is_found_by_the_user_id_in_records(api: Api) -> None:
    assert (await api.data("GET", f"/v2/users/{api.user.id}"))["username"] == "local"
