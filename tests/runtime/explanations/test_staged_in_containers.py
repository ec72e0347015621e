"""The table of staged endings on a real engine: for each, the first cause must be the right one."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from testing.api_client import Json
from testing.live_server import LiveServer
from tests.engine import container_of, engine
from tests.runtime.explanations.staged import (
    ALLOCATES,
    BASE_IMAGES,
    ENDINGS,
    SMALL,
    Staged,
    explanation,
    is_ready,
    stage_actor,
    start,
)

pytestmark = pytest.mark.docker

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Result:
    run: Json
    explanation: Json


@pytest.fixture(scope="module")
def results(server: LiveServer) -> Mapping[str, Future[Result]]:
    """The results of all endings by their names. Several are staged at the same time."""
    actors = {image: stage_actor(server, image) for image in BASE_IMAGES}

    def play(staged: Staged) -> Result:
        run = start(server, actors[staged.image], staged)
        staged.during(server, run)
        ended = server.wait(f"actor-runs/{run['id']}")
        return Result(ended, explanation(server, ended))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return {name: threads.submit(play, staged) for name, staged in ENDINGS.items()}


@pytest.mark.parametrize("name", ENDINGS)
def test_the_first_cause_of_a_staged_ending(name: str, results: Mapping[str, Future[Result]]) -> None:
    staged, result = ENDINGS[name], results[name].result()
    causes = result.explanation["causes"]
    assert result.run["status"] == result.explanation["status"] == staged.status
    if not staged.cause:
        assert causes == [] and "no evidence" in result.explanation["summary"]
        return
    first = causes[0]
    assert (first["id"], first["certainty"]) == (staged.cause, staged.certainty), result.explanation
    texts = " | ".join(each["text"] for each in first["evidence"])
    alternatives = [(each,) if isinstance(each, str) else each for each in staged.evidence]
    assert [each for each in alternatives if not any(text in texts for text in each)] == []


def test_a_container_that_ended_while_no_server_ran_is_explained(own_server: LiveServer) -> None:
    program = f"import time\nprint('ready', flush=True)\ntime.sleep(2)\n{ALLOCATES}"
    staged = Staged(program=program, options=SMALL, cause="memory-limit", certainty="certain")
    run = start(own_server, stage_actor(own_server, staged.image), staged)
    assert is_ready(own_server, run)
    own_server.kill()
    with engine() as client:
        container_of(client, run).wait()
    own_server.start()
    explained = explanation(own_server, own_server.wait(f"actor-runs/{run['id']}"))
    assert [each["id"] for each in explained["causes"]] == [staged.cause]
    assert {"source": "Docker", "text": "OOMKilled: true"} in explained["causes"][0]["evidence"]
