"""Templates of webhooks, compared with the platform's own package."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.webhooks import templates
from tests.clients.node_script import NodeScript
from tests.examples import examples
from tests.fakes.clock import START

pytestmark = pytest.mark.processes

RESOURCE = {
    "id": "run1",
    "text": 'a "quoted" \\ text',
    "template": "by {{userId}}, {{ userId }}, {{eventData}}",
    "whole": "{{eventData.actorId}}",
    "null": None,
    "zero": 0,
    "one": 1,
    "half": 0.5,
    "tenth": -0.1,
    "true": True,
    "false": False,
    "empty": "",
    "list": [1, "a", None, [], [2, [3]], {"b": 1}],
    "none": [],
    "object": {"n": 1, "o": {}, "deep": {"x": [{"y": "z"}]}},
    "snake_case": "s",
    "with-hyphen": "h",
}
VALUES = templates.variables(
    "user1", "ACTOR.RUN.SUCCEEDED", {"actorId": "actor1", "actorRunId": "run1"}, RESOURCE, START
)
NAMES = (
    *("userId", "createdAt", "eventType", "eventData", "resource", "globals.dateUnix", "nobody", "", "."),
    *(f"resource.{name}" for name in RESOURCE),
    *("eventData.actorId", "eventData.actorTaskId", "eventData.a.b", "eventData.a.b.c", "userId.x", "userId.length"),
    *("resource.list.0", "resource.list.length", "resource.list.9", "resource.list.5.b", "resource.list.00"),
    *("resource.object.deep.x.0.y", "resource.no", "resource.no.no", "resource.null.no", "resource.zero.no"),
    *("resource.", ".resource", "resource..id", "user_id", "resource-x", "nobody.userId"),
)
SPACES = ("{}", " {} ", "  {}  ", "{} ", "\n{}")
TABLE = (
    *("", "{}", "[]", "1", '""', "{", "}", "{{", "}}", "{{}}", "{ {userId} }", "{{userId}", "{userId}}", "nonsense"),
    *("{{{userId}}: 1}", '{"{{userId}}": 1}', '{"{{userId}}": "{{userId}}"}', '{"a": {"b": {{eventData}}}}'),
    *("{{userId}}{{userId}}", "[{{userId}},]", '"{{userId}}" {{userId}}', '{"a": {{userId}}, "a": {{resource.id}}}'),
    *(
        '"{{userId}} \\" {{userId}}"',
        '["\\\\{{userId}}"]',
        '"{{userId}}\\n{{userId}}"',
        '"{{{{userId}}}}"',
        '"{{{userId}}}"',
    ),
    *(
        '{"a": [{{resource.no}}, "{{resource.no}}", {"b": "{{resource.no}}"}]}',
        '"{{userId}} {{nobody}}"',
        '"{{userId}"',
    ),
)


@pytest.fixture(scope="module")
def script() -> Iterator[NodeScript]:
    script = NodeScript("webhook_template.mjs")
    yield script
    script.close()


def generated(chance: random.Random, depth: int = 3) -> str:
    """Return a random template: mostly valid JSON with variables in it."""
    name = chance.choice(SPACES if chance.random() < 0.2 else ("{}",)).format(chance.choice(NAMES))
    match chance.randrange(6 if depth else 3):
        case 0:
            return f"{{{{{name}}}}}"
        case 1:
            return json.dumps(f"{{{{{name}}}}}")
        case 2:
            return json.dumps(
                f"{chance.choice(('', 'a ', '{'))}{{{{{name}}}}}{chance.choice(('', ' {{userId}}', '}'))}"
            )
        case 3:
            return "[" + ", ".join(generated(chance, depth - 1) for _ in range(chance.randrange(3))) + "]"
    members = (f'"k{number}": {generated(chance, depth - 1)}' for number in range(chance.randrange(4)))
    return "{" + ",".join(members) + "}"


def sent(template: str, in_strings: bool) -> Any:
    """What Greenroom sends as JSON, or None if it rejects the template."""
    try:
        templates.check(template, in_strings=in_strings)
    except Invalid:
        return None
    return templates.payload(template, VALUES, in_strings=in_strings)


def test_templates_are_evaluated_as_by_the_platform(script: NodeScript) -> None:
    chance = random.Random(5)
    several = [generated(chance) for _ in range(examples(3000))]
    single = [
        form.format(f"{{{{{space.format(name)}}}}}")
        for name in NAMES
        for space in SPACES
        for form in ("{}", '"{}"', '"a {} b"')
    ]
    cases = [(template, in_strings) for template in (*TABLE, *single, *several) for in_strings in (False, True)]
    request = {"variables": sorted(templates.VARIABLES), "values": VALUES, "cases": cases}
    differences = {
        case: (expected, actual)
        for case, expected in zip(cases, script.respond(request), strict=True)
        if case[0]  # an empty payload template means the default one
        and (None if expected is None else json.loads(expected), expected is None)
        != (None if (actual := sent(*case)) is None else json.loads(actual), actual is None)
    }
    assert differences == {}
    assert sum(expected is not None for expected in script.respond(request)) > len(cases) / 4
