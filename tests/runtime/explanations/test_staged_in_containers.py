"""The table of staged endings on a real engine: for each, the first cause must be the right one."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from testing.api_client import Json
from testing.live_server import LiveServer
from tests.runtime.explanations.staged import BASE_IMAGES, ENDINGS, Staged, explanation, stage_actor, start

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
    assert [each for each in staged.evidence if each not in texts] == []
