from __future__ import annotations

from typing import Any

import pytest

from api.request.parsing.actors import parse_actor_fields
from runtime.base.records import RunDefaults
from tests.fakes.clock import START
from tests.fakes.records import an_actor


def test_only_the_fields_in_the_body_are_set() -> None:
    assert parse_actor_fields({}, START) == {}
    fields = parse_actor_fields(
        {
            "name": "hello",
            "title": None,
            "isPublic": False,
            "defaultRunOptions": {"timeoutSecs": 60},
            "seoTitle": "SEO",
            "nonsense": 1,
        },
        START,
        an_actor(defaults=RunDefaults(memory_mbytes=2048), extra={"categories": ["A"]}),
    )
    assert fields == {
        "name": "hello",
        "title": None,
        "is_public": False,
        "defaults": RunDefaults(memory_mbytes=2048, timeout_secs=60),
        "extra": {"categories": ["A"], "seoTitle": "SEO"},
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"restartOnError": True}, True),
        ({"defaultRunOptions": {"restartOnError": True}}, True),
        ({"defaultRunOptions": {"restartOnError": False}, "restartOnError": True}, False),
    ],
)
def test_restart_on_error_is_read_in_both_places(body: dict[str, Any], expected: bool) -> None:
    assert parse_actor_fields(body, START)["defaults"].restart_on_error is expected
