from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.webhooks import templates
from tests.fakes.clock import START

DATA = {"actorId": "actor1", "actorRunId": "run1"}
RESOURCE: dict[str, Any] = {
    "id": "run1",
    "statusMessage": 'said "{{userId}}"\n',
    "exitCode": None,
    "options": {"memoryMbytes": 512},
    "metamorphs": [{"actorId": "other"}],
    "zero": 0,
    "false": False,
    "empty": [],
    "list": [1, "a", None, []],
    "snake_case": 1,
    "with-hyphen": 2,
    "unknown": "{{nobody}} {{x}}",
}
VALUES = templates.variables("user1", "ACTOR.RUN.SUCCEEDED", DATA, RESOURCE, START)


def filled(template: str | None, *, in_strings: bool = False) -> Any:
    return json.loads(templates.payload(template, VALUES, in_strings=in_strings))


@pytest.mark.parametrize("template", [None, ""])
def test_the_default_payload_is_that_of_the_platform(template: str | None) -> None:
    assert filled(template) == {
        "userId": "user1",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "eventType": "ACTOR.RUN.SUCCEEDED",
        "eventData": DATA,
        "resource": RESOURCE,
    }


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('{"a": {{userId}}}', {"a": "user1"}),
        ("{{eventData}}", DATA),
        ("[{{eventData.actorId}}, {{resource.options.memoryMbytes}}]", ["actor1", 512]),
        ('{"a":{"b":{{resource.options}}}}', {"a": {"b": {"memoryMbytes": 512}}}),
        ("{{resource.metamorphs.0.actorId}}", "other"),
        ("{{resource.metamorphs.7.actorId}}", None),
        ("{{resource.no.such.thing}}", None),
        ("{{eventData.actorTaskId}}", None),
        ("{{resource.exitCode}}", None),
        ("[{{resource.zero}}, {{resource.no}}, {{resource.false}}, {{resource.empty}}]", [None, None, None, []]),
        ("{{resource.metamorphs.length}}", 1),
        ("{{resource.snake_case}}", 1),
        ("{{resource.with-hyphen}}", 2),
        ("{{resource.statusMessage}}", 'said "{{userId}}"\n'),
        ("[{{globals.dateISO}}, {{globals.dateUnix}}]", ["2023-11-14T22:13:20.000Z", 1_700_000_000]),
        ('{"a": "{{userId}}", "b": "{{nobody}} \\" {{x}}"}', {"a": "{{userId}}", "b": '{{nobody}} " {{x}}'}),
        ('"plain"', "plain"),
    ],
)
def test_variables_are_replaced_with_json_and_strings_do_not_change(template: str, sent: Any) -> None:
    templates.check(template, in_strings=False)
    assert filled(template) == sent


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('"{{eventData}}"', DATA),
        ('"{{resource.options.memoryMbytes}}"', 512),
        ('"{{resource.exitCode}}"', None),
        ('"{{userId}} used {{resource.options.memoryMbytes}} MB"', "user1 used 512 MB"),
        ('"{{ userId }}, {{resource.snake_case}} and {{  x }}"', "{{ userId }}, {{resource.snake_case}} and {{  x }}"),
        ('"it is {{resource.options}}"', "it is [object Object]"),
        ('"{{resource.list}} {{resource.exitCode}} {{resource.no}} {{resource.no.such}}"', "1,a,, null undefined null"),
        ('{"a": "{{resource.no}}", "b": "{{resource.no.such}}"}', {"b": None}),
        ('["{{resource.no}}"]', [None]),
        ('"{{resource.no}}"', None),
        ('["{{userId}}", {"{{userId}}": {{userId}}}]', ["user1", {"{{userId}}": "user1"}]),
        ("{{resource.statusMessage}}", 'said "user1"\n'),
        ("[{{resource.unknown}}]", ["{{nobody}} {{x}}"]),
    ],
)
def test_variables_in_strings_are_replaced_on_request(template: str, sent: Any) -> None:
    templates.check(template, in_strings=True)
    assert filled(template, in_strings=True) == sent


@pytest.mark.parametrize(
    "template",
    [
        "{{nobody}}",
        "{{ userId }}",
        "{{  userId  }}",
        "{{}}",
        "{{.userId}}",
        '{"a": {{user}}}',
        "{{resource}",
        '{"a": {{resource id}}}',
        "{{{userId}: 1}",
        "{{{userId}}: 1}",
        "{",
    ],
)
def test_invalid_templates_are_rejected(template: str) -> None:
    with pytest.raises(Invalid):
        templates.check(template, in_strings=False)


@pytest.mark.parametrize("depth", [templates.MAX_DEPTH, 800, 100_000])
def test_the_nesting_of_a_template_is_limited(depth: int) -> None:
    with pytest.raises(Invalid):
        templates.check("[" * depth + "{{userId}}" + "]" * depth, in_strings=False)
    good = "[" * (templates.MAX_DEPTH - 1) + "{{userId}}" + "]" * (templates.MAX_DEPTH - 1)
    templates.check(good, in_strings=False)
    assert filled(good)


def test_an_unknown_variable_in_a_string_is_an_error_only_if_it_would_be_replaced() -> None:
    templates.check('"{{nobody}}"', in_strings=False)
    with pytest.raises(Invalid, match="nobody"):
        templates.check('"{{nobody}}"', in_strings=True)


def test_header_values_are_text_and_reserved_headers_are_ignored() -> None:
    template = '{"X-Run": {{eventData.actorRunId}}, "X-Size": 7, "HOST": "evil", "content-type": "text/plain"}'
    assert templates.headers(template, VALUES, in_strings=False) == {"X-Run": "run1", "X-Size": "7"}
    assert templates.headers('{"A": "Bearer {{userId}}"}', VALUES, in_strings=True) == {"A": "Bearer user1"}
    assert templates.headers(None, VALUES, in_strings=False) == {}


def test_a_template_that_would_become_gigabytes_is_rejected() -> None:
    for template in ("[" + ",".join(["{{resource}}"] * 1001) + "]", f'["{"x" * 300_000}"]', "{{" * 10**6):
        with pytest.raises(Invalid):
            templates.check(template, in_strings=False)
    repeated = '["' + "{{userId}}" * 1001 + '"]'
    templates.check(repeated, in_strings=False)
    with pytest.raises(Invalid, match="at most 1000 times"):
        templates.check(repeated, in_strings=True)


@pytest.mark.parametrize(
    "template",
    [
        '{"": "a"}',
        '{"A B": "a"}',
        '{"A:": "a"}',
        '{"Ä": "a"}',
        '{"A\\n": "a"}',
        '{"A": "a\\nB: c"}',
        '{"A": "a\\r"}',
        '{"A": "\\u0000"}',
    ],
)
def test_headers_that_cannot_be_sent_are_rejected(template: str) -> None:
    with pytest.raises(Invalid, match="header"):
        templates.check_headers(template, in_strings=False)


def test_line_breaks_in_the_value_of_a_variable_become_spaces_in_a_header() -> None:
    template = '{"A": {{resource.statusMessage}}, "B": "x{{resource.statusMessage}}", "C": {{resource.options}}}'
    templates.check_headers(template, in_strings=True)
    sent = templates.headers(template, VALUES, in_strings=True)
    assert sent == {"A": 'said "user1" ', "B": 'xsaid "{{userId}}" ', "C": '{"memoryMbytes":512}'}


@pytest.mark.parametrize("template", ["[]", "1", '{"A": {{nobody}}}'])
def test_headers_that_are_not_a_valid_object_are_rejected(template: str) -> None:
    with pytest.raises(Invalid):
        templates.check_headers(template, in_strings=False)
