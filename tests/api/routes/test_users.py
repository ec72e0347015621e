from __future__ import annotations

from tests.fakes.api import Api


async def test_who_i_am(api: Api) -> None:
    me = await api.data("GET", "/v2/users/me")
    assert (me["id"], me["username"]) == (api.user.id, "local")
    assert me["plan"]["maxActorMemoryGbytes"] == 16
    assert me["proxy"] == {"password": "", "groups": []}


async def test_who_others_are_is_told_without_a_token_and_without_their_secrets(api: Api) -> None:
    shown = await api.data("GET", "/v2/users/local", token=None)
    assert shown == {"username": "local", "profile": {"name": "local"}}


async def test_a_user_is_known_by_the_id_that_its_things_carry(api: Api) -> None:
    assert (await api.data("GET", f"/v2/users/{api.user.id}"))["username"] == "local"
