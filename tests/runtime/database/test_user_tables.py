from __future__ import annotations

from runtime.base.records import InputKey
from runtime.database import Database
from tests.fakes.records import a_user


async def test_a_user_is_found_by_name(database: Database) -> None:
    await database.users.insert(a_user())
    assert database.users.by_username("local") == a_user()
    assert database.users.by_username("nobody") is None


async def test_input_keys_are_deleted_with_their_actor(database: Database) -> None:
    for id, actor_id in (("a", "actor1"), ("b", "actor2")):
        await database.input_keys.insert(InputKey(id=id, actor_id=actor_id, private_key="", passphrase=""))
    await database.input_keys.delete_of_actor("actor1")
    assert database.input_keys.ids() == {"b"}
