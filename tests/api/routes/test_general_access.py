"""Readers of storages: the owner, everybody who knows the id or the name, and everybody with a signed address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.response.storage_links import VALID_MILLIS
from runtime.base.general_access import GeneralAccess
from runtime.base.records import Run
from tests.fakes.api import Api, problem

OWNER, STRANGER, NOBODY = "alices-key", "bobs-key", None
READABLE = {
    "datasets": ("", "/items", "/statistics"),
    "key-value-stores": ("", "/keys", "/records", "/records/KEY"),
    "request-queues": ("", "/head", "/requests"),
}
WRITES = (
    ("PUT", "datasets/{id}"),
    ("DELETE", "datasets/{id}"),
    ("POST", "datasets/{id}/items"),
    ("PUT", "key-value-stores/{id}/records/KEY"),
    ("DELETE", "key-value-stores/{id}/records/KEY"),
    ("POST", "request-queues/{id}/requests"),
    ("POST", "request-queues/{id}/head/lock?lockSecs=9"),
)
OPEN = "ANYONE_WITH_ID_CAN_READ"
Json = dict[str, Any]


@pytest.fixture
async def storages(users: Api) -> dict[str, str]:
    """The ids of three storages of Alice, one of each kind, all named `shared`."""
    ids = {}
    for word in READABLE:
        ids[word] = (await users.data("POST", f"/v2/{word}?name=shared", token=OWNER))["id"]
    store = ids["key-value-stores"]
    await users.call("PUT", f"/v2/key-value-stores/{store}/records/KEY", content=b"x", token=OWNER)
    return ids


async def set_access(users: Api, storages: dict[str, str], access: str) -> None:
    for word, id in storages.items():
        await users.data("PUT", f"/v2/{word}/{id}", json={"generalAccess": access}, token=OWNER)


async def statuses(users: Api, reference: dict[str, str], token: str | None) -> set[int]:
    """The statuses of requests that read everything in the storages."""
    found = set()
    for word, paths in READABLE.items():
        for path in paths:
            found.add((await users.call("GET", f"/v2/{word}/{reference[word]}{path}", token=token)).status_code)
    return found


@pytest.mark.parametrize(
    ("access", "by_id", "by_name"),
    [
        ("FOLLOW_USER_SETTING", True, False),
        ("ANYONE_WITH_ID_CAN_READ", True, False),
        ("ANYONE_WITH_NAME_CAN_READ", True, True),
        ("RESTRICTED", False, False),
    ],
)
async def test_readers_of_a_storage(
    users: Api, storages: dict[str, str], access: str, by_id: bool, by_name: bool
) -> None:
    await set_access(users, storages, access)
    names = dict.fromkeys(storages, "alice~shared")
    assert await statuses(users, storages, OWNER) == await statuses(users, names, OWNER) == {200}
    assert await statuses(users, storages, STRANGER) == {200 if by_id else 403}
    assert await statuses(users, storages, NOBODY) == {200 if by_id else 401}
    assert await statuses(users, names, STRANGER) == {200 if by_name else 404}


async def test_only_the_owner_can_write(users: Api, storages: dict[str, str]) -> None:
    await set_access(users, storages, "ANYONE_WITH_NAME_CAN_READ")
    for method, template in WRITES:
        path = "/v2/" + template.format(id=storages[template.partition("/")[0]])
        assert (await users.call(method, path, token=STRANGER, json={})).status_code == 404, path
        assert (await users.call(method, path, token=NOBODY, json={})).status_code == 401, path


async def test_a_reader_does_not_count_as_a_client_of_a_queue(users: Api, storages: dict[str, str]) -> None:
    path = f"/v2/request-queues/{storages['request-queues']}"
    for token in (STRANGER, NOBODY):
        await users.call("GET", f"{path}/head?clientKey=stranger{token}", token=token)
    assert not (await users.data("GET", path, token=OWNER))["hadMultipleClients"]


async def test_only_callers_who_can_write_get_the_signing_key(users: Api, storages: dict[str, str]) -> None:
    for word, id in storages.items():
        owners, strangers = [await users.data("GET", f"/v2/{word}/{id}", token=token) for token in (OWNER, STRANGER)]
        assert owners.pop("urlSigningSecretKey")
        assert owners.pop("username") == strangers.pop("username") == "alice"
        assert owners.keys() == strangers.keys()


async def test_addresses_of_restricted_content_are_signed(users: Api, storages: dict[str, str]) -> None:
    await set_access(users, storages, "RESTRICTED")
    dataset, store = storages["datasets"], storages["key-value-stores"]
    shown = await users.data("GET", f"/v2/datasets/{dataset}", token=OWNER)
    shown |= await users.data("GET", f"/v2/key-value-stores/{store}", token=OWNER)
    keys = await users.data("GET", f"/v2/key-value-stores/{store}/keys", token=OWNER)
    record = keys["items"][0]["recordPublicUrl"]
    lists = [shown[name] for name in ("itemsPublicUrl", "keysPublicUrl", "recordsPublicUrl")]
    for url in (*lists, record):
        assert "?signature=" in url
        assert (await users.call("GET", url, token=NOBODY)).status_code == 200
    await users.clock.advance(VALID_MILLIS / 1000 + 1)
    for url in lists:
        assert problem(await users.call("GET", url, token=NOBODY)) == (403, "invalid-signature")
    assert (await users.call("GET", record, token=NOBODY)).status_code == 200


async def test_a_signature_is_valid_only_for_its_own_content(users: Api, storages: dict[str, str]) -> None:
    await set_access(users, storages, "RESTRICTED")
    dataset, store = storages["datasets"], storages["key-value-stores"]
    signer = users.orchestrator.signer
    of_dataset, of_record = signer.sign(dataset, 0), signer.sign_record(store, "KEY")
    for method, path in (
        ("GET", f"/v2/key-value-stores/{store}/keys?signature={of_dataset}"),
        ("GET", f"/v2/key-value-stores/{store}/records/KEY?signature={signer.sign(store, 0)}"),
        ("GET", f"/v2/key-value-stores/{store}/records/OTHER?signature={of_record}"),
        ("GET", f"/v2/datasets/{dataset}/items?signature=nonsense"),
        ("POST", f"/v2/datasets/{dataset}/items?signature={of_dataset}"),
    ):
        assert problem(await users.call(method, path, token=NOBODY, json={})) == (403, "invalid-signature"), path
    assert (await users.call("GET", f"/v2/datasets/{dataset}/items?signature=bad", token=OWNER)).status_code == 200


async def test_addresses_of_open_content_are_not_signed(users: Api, storages: dict[str, str]) -> None:
    shown = await users.data("GET", f"/v2/datasets/{storages['datasets']}", token=OWNER)
    assert shown["itemsPublicUrl"].endswith("/items")


async def test_a_restricted_run_is_visible_only_to_its_owner(users: Api) -> None:
    run = await users.start()
    paths = (f"/v2/actor-runs/{run.id}", f"/v2/logs/{run.id}")
    for path in paths:
        for token in (STRANGER, NOBODY):
            assert (await users.call("GET", path, token=token)).status_code == 200
    await users.data("PUT", paths[0], json={"generalAccess": "RESTRICTED"}, token=OWNER)
    for path in paths:
        assert problem(await users.call("GET", path, token=STRANGER)) == (404, "record-not-found")
        assert problem(await users.call("GET", path, token=NOBODY)) == (401, "token-not-provided")
        assert (await users.call("GET", path, token=OWNER)).status_code == 200
        assert (await users.call("GET", path, token=run.token)).status_code == 200


@pytest.fixture(params=["all", "one"])
async def restricted_account(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Api]:
    """Alice, whose account is restricted, and Bob."""
    level = {None if request.param == "all" else "alice": GeneralAccess.RESTRICTED}
    api = Api(tmp_path, users={OWNER: "alice", STRANGER: "bob"}, general_access=level)
    await api.open()
    yield api
    await api.close()


LABELS = {"datasets": "dataset", "key-value-stores": "key-value store", "request-queues": "request queue"}


async def test_a_storage_follows_the_setting_of_its_users_account(restricted_account: Api) -> None:
    api = restricted_account
    for word, paths in READABLE.items():
        storage = await api.data("POST", f"/v2/{word}?name=mine", token=OWNER)
        assert storage["generalAccess"] == "FOLLOW_USER_SETTING"
        await api.call("PUT", f"/v2/{word}/{storage['id']}/records/KEY", content=b"x", token=OWNER)
        for path in paths:
            answer = await api.call("GET", f"/v2/{word}/{storage['id']}{path}", token=STRANGER)
            assert problem(answer) == (403, "insufficient-permissions")
            assert answer.json()["error"]["message"] == (
                f"Insufficient permissions for the {LABELS[word]}. Make sure you're passing a correct API token and "
                "that it has the required permissions."
            )
            assert (await api.call("GET", f"/v2/{word}/{storage['id']}{path}", token=NOBODY)).status_code == 401
            assert (await api.call("GET", f"/v2/{word}/{storage['id']}{path}", token=OWNER)).status_code == 200
        assert problem(await api.call("GET", f"/v2/{word}/alice~mine", token=STRANGER)) == (404, "record-not-found")
        for name in ("itemsPublicUrl", "keysPublicUrl", "recordsPublicUrl"):
            if name in storage:
                assert (await api.call("GET", storage[name], token=STRANGER)).status_code == 200
        await api.data("PUT", f"/v2/{word}/{storage['id']}", json={"generalAccess": OPEN}, token=OWNER)
        assert (await api.call("GET", f"/v2/{word}/{storage['id']}", token=STRANGER)).status_code == 200


async def test_only_the_accounts_that_were_named_are_restricted(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    settings = {None: GeneralAccess.RESTRICTED, "bob": GeneralAccess.ANYONE_WITH_ID_CAN_READ}
    api = Api(tmp_path / "other", users={OWNER: "alice", STRANGER: "bob"}, general_access=settings)
    await api.open()
    mine, theirs = [(await api.data("POST", "/v2/datasets", token=token))["id"] for token in (OWNER, STRANGER)]
    assert (await api.call("GET", f"/v2/datasets/{mine}", token=STRANGER)).status_code == 403
    assert (await api.call("GET", f"/v2/datasets/{theirs}", token=OWNER)).status_code == 200
    await api.close()


RUN_PARTS = ("dataset", "dataset/items", "key-value-store", "key-value-store/keys", "request-queue")


async def statuses_of_run(api: Api, run: Run, token: str | None) -> dict[str, int]:
    """The statuses of requests that read a run's default storages, by the run's path and by their own."""
    paths = [f"/v2/actor-runs/{run.id}/{part}" for part in RUN_PARTS]
    ids = (run.default_dataset_id, run.default_key_value_store_id, run.default_request_queue_id)
    paths += [f"/v2/{word}/{id}" for word, id in zip(READABLE, ids, strict=True)]
    return {path: (await api.call("GET", path, token=token)).status_code for path in paths}


async def test_a_restricted_run_hides_its_default_storages(users: Api) -> None:
    run = await users.start()
    assert set((await statuses_of_run(users, run, STRANGER)).values()) == {200}
    await users.data("PUT", f"/v2/actor-runs/{run.id}", json={"generalAccess": "RESTRICTED"}, token=OWNER)
    assert set((await statuses_of_run(users, run, STRANGER)).values()) == {403}
    assert set((await statuses_of_run(users, run, NOBODY)).values()) == {401}
    for token in (OWNER, run.token):
        assert set((await statuses_of_run(users, run, token)).values()) == {200}
    shown = await users.data("GET", f"/v2/datasets/{run.default_dataset_id}", token=OWNER)
    assert (await users.call("GET", shown["itemsPublicUrl"], token=STRANGER)).status_code == 200
    await users.data("PUT", f"/v2/datasets/{run.default_dataset_id}", json={"generalAccess": OPEN}, token=OWNER)
    assert (await users.call("GET", f"/v2/datasets/{run.default_dataset_id}", token=STRANGER)).status_code == 200


async def test_a_run_follows_the_setting_of_its_users_account(restricted_account: Api) -> None:
    api = restricted_account
    run = await api.start()
    path = f"/v2/actor-runs/{run.id}"
    for each in (path, f"/v2/logs/{run.id}"):
        assert problem(await api.call("GET", each, token=STRANGER)) == (404, "record-not-found")
        assert (await api.call("GET", each, token=NOBODY)).status_code == 401
    assert set((await statuses_of_run(api, run, STRANGER)).values()) == {403}
    await api.data("PUT", path, json={"generalAccess": OPEN}, token=OWNER)
    assert (await api.call("GET", path, token=STRANGER)).status_code == 200
    assert set((await statuses_of_run(api, run, STRANGER)).values()) == {200}
