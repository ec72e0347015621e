"""Which run a RUN argument names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cli import server
from cli.client import Client
from cli.errors import INVALID_INPUT, CommandError
from cli.runs.references import find_run
from runtime.base.records import Run
from tests.cli.serving import Serving


@pytest.fixture
def client(serving: Serving) -> Iterator[Client]:
    running = server.find(serving.data_dir)
    assert running is not None
    client = Client(running)
    yield client
    client.close()


@pytest.fixture
def add_run(serving: Serving) -> Callable[[str, str], Run]:
    """Store a copy of one started run under another id, as a run of the Actor with this name."""
    first = serving.thread.run(serving.api.start())

    async def add(id: str, actor_name: str) -> Run:
        database = serving.api.orchestrator.database
        actor = database.actors.by_name(first.user_id, actor_name) or await serving.api.create_actor(actor_name)
        run = replace(first, id=id, actor_id=actor.id, token=f"t-{id}", web_key=f"w-{id}", events_key=f"e-{id}")
        return await database.runs.insert(run)

    return lambda id, actor_name: serving.thread.run(add(id, actor_name))


def rejected(client: Client, reference: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        find_run(client, reference)
    assert caught.value.exit_code == INVALID_INPUT
    return caught.value


def test_a_run_is_found_by_id_unique_prefix_actor_and_last(client: Client, add_run: Callable[[str, str], Run]) -> None:
    add_run("abcdefghijklmno01", "hello")
    add_run("abcdefghijklmno02", "hello")
    add_run("xbcdefghijklmno03", "crawler")
    expected = {
        "abcdefghijklmno01": "01",
        "abcdefghijklmno02": "02",
        "xbcdefgh": "03",
        "hello": "02",
        "local/hello": "02",
        "crawler": "03",
        "last": "03",
    }
    assert {reference: find_run(client, reference)["id"][-2:] for reference in expected} == expected


def test_the_name_of_an_actor_precedes_the_beginning_of_an_id(
    client: Client, add_run: Callable[[str, str], Run]
) -> None:
    add_run("abcdefghijklmno01", "other")
    add_run("xbcdefghijklmno02", "abcd")
    assert find_run(client, "abcd")["id"] == "xbcdefghijklmno02"
    assert find_run(client, "abcde")["id"] == "abcdefghijklmno01"


def test_an_ambiguous_beginning_lists_the_candidates(client: Client, add_run: Callable[[str, str], Run]) -> None:
    for number in range(12):
        add_run(f"abcdefghijklmno{number:02}", "hello")
    error = rejected(client, "abc")
    assert error.message.startswith(
        "12 runs have ids that begin with 'abc':\n  abcdefghijklmno11  local/hello  RUNNING"
    )
    assert error.message.endswith("and 2 more") and error.code == "run-ambiguous"
    assert error.details["candidates"] == [f"abcdefghijklmno{number:02}" for number in range(11, 1, -1)]


def test_what_names_no_run_is_rejected_with_advice(client: Client, serving: Serving) -> None:
    assert rejected(client, "last").message == "There are no runs yet."
    serving.thread.run(serving.api.create_actor("hello"))
    assert rejected(client, "hello").message == "The Actor hello has no runs."
    for unknown in ("nobody/hello", "hell", "../users/me", "a~b", "ü", "\udce9", "local/", "0" * 17, "%2e%2e"):
        error = rejected(client, unknown)
        assert error.advice == "List all runs with `greenroom ps -a`.", unknown
