from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.access.users import RUN_TOKEN_PREFIX, SERVER_TOKEN_PREFIX, new_run_token
from runtime.base.errors import NotFound, Unauthorized
from tests.fakes.stage import Stage

ALICE_AND_BOB = {"alices-key": "alice", "alices-other-key": "alice", "bobs-key": "bob"}


@pytest.mark.parametrize("token", ["anything", "apify_api_x", "grün", " "])
async def test_by_default_any_token_belongs_to_the_local_user(stage: Stage, token: str) -> None:
    user, run = stage.orchestrator.users.authenticate(token)
    assert (user.username, run) == ("local", None)


async def test_the_local_user_is_the_same_after_a_restart(stage: Stage) -> None:
    before = stage.user
    await stage.close()
    await stage.open()
    assert stage.user == before
    assert len(stage.orchestrator.database.users.all()) == 1


async def test_with_configured_users_only_their_tokens_are_valid(tmp_path: Path) -> None:
    stage = Stage(tmp_path, users=ALICE_AND_BOB)
    await stage.open()
    users = stage.orchestrator.users
    names = {token: users.authenticate(token)[0].username for token in ALICE_AND_BOB}
    assert names == ALICE_AND_BOB
    assert users.authenticate("alices-key")[0].id != users.authenticate("bobs-key")[0].id
    for token in ("anything", "alices-ke", "alices-key2", "alice", "schlüssel", ""):
        with pytest.raises(Unauthorized) as problem:
            users.authenticate(token)
        assert problem.value.slug == "invalid-token"
    await stage.close()


async def test_a_runs_token_belongs_to_the_run_and_its_user(stage: Stage) -> None:
    run = await stage.start()
    user, found = stage.orchestrator.users.authenticate(run.token)
    assert user.id == run.user_id
    assert found is not None and found.id == run.id


async def test_a_runs_token_is_valid_until_five_seconds_after_its_end(stage: Stage) -> None:
    users = stage.orchestrator.users
    run = await stage.start()
    await stage.clock.advance(600)
    users.authenticate(run.token)
    await stage.finish(run)
    await stage.clock.advance(5)
    users.authenticate(run.token)
    await stage.clock.advance(0.001)
    with pytest.raises(Unauthorized):
        users.authenticate(run.token)


async def test_an_unknown_run_token_does_not_belong_to_the_local_user(stage: Stage) -> None:
    for token in (new_run_token(), RUN_TOKEN_PREFIX):
        with pytest.raises(Unauthorized):
            stage.orchestrator.users.authenticate(token)


async def test_the_token_of_a_deleted_run_is_not_valid(stage: Stage) -> None:
    run = await stage.finish(await stage.start())
    await stage.orchestrator.run_deletion.delete(run)
    with pytest.raises(Unauthorized):
        stage.orchestrator.users.authenticate(run.token)


def test_run_tokens_are_unique_and_hard_to_guess() -> None:
    tokens = {new_run_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("greenroom_run_") and len(token) > 40 for token in tokens)


async def test_an_unknown_user_is_not_found(stage: Stage) -> None:
    assert stage.orchestrator.users.by_username("nobody") is None
    with pytest.raises(NotFound):
        stage.orchestrator.users.get(replace(stage.user, id="nobody").id)


async def test_the_servers_own_token_for_a_user_is_valid_until_the_server_stops(tmp_path: Path) -> None:
    stage = Stage(tmp_path, users=ALICE_AND_BOB)
    await stage.open()
    users, bob = stage.orchestrator.users, stage.orchestrator.users.by_username("bob")
    assert bob is not None
    token = users.server_token(bob.id)
    assert users.authenticate(token) == (bob, None)
    await stage.close()
    await stage.open()
    for wrong in (token, token.replace(bob.id, stage.user.id), SERVER_TOKEN_PREFIX, SERVER_TOKEN_PREFIX + bob.id):
        with pytest.raises(Unauthorized):
            stage.orchestrator.users.authenticate(wrong)
    await stage.close()
