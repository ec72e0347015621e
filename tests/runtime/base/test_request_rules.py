from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.request_rules import METHODS, check_request, check_requests

REQUEST = {"uniqueKey": "k", "url": "u"}
INVALID: dict[str, list[Any]] = {
    "uniqueKey": [None, "", 1, ["k"]],
    "url": [None, "", 5, {}],
    "method": [None, "", "get", "FETCH", 5, ["GET"], {}],
    "retryCount": [None, "x", "1", -1, 1.5, True, 2**53, []],
    "userData": [None, [], ["a"], "text", 5, True],
    "headers": [[], "text", 5, [["a", "b"]]],
    "payload": [5, True, ["a"]],
    "loadedUrl": [5, {}, []],
    "noRetry": ["x", "true", 0, 1, {}],
    "errorMessages": ["x", {}, [1], [None], 5],
    "handledAt": [
        "yesterday",
        "",
        5,
        True,
        {},
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-W01-1T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z ",
    ],
}
VALID: dict[str, list[Any]] = {
    "method": list(METHODS),
    "retryCount": [0, 3, 2**53 - 1],
    "userData": [{}, {"label": None, "a": [1]}],
    "headers": [None, {}, {"Accept": "*/*"}],
    "payload": [None, "", "a=1", {"a": 1}],
    "loadedUrl": [None, "http://localhost/"],
    "noRetry": [None, True, False],
    "errorMessages": [None, [], ["Error: no"]],
    "handledAt": [
        None,
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.123456+00:00",
        "2026-01-01 00:00:00.123456789+0200",
    ],
    "own": [None, 1.5, []],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in INVALID.items() for value in values])
def test_a_field_of_another_type_is_rejected_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(Invalid, match=f"'{name}' must be "):
        check_request({**REQUEST, name: value})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in VALID.items() for value in values])
def test_valid_fields(name: str, value: Any) -> None:
    check_request({**REQUEST, name: value})
    check_requests([REQUEST, {**REQUEST, name: value}])


@pytest.mark.parametrize("draft", [None, [], "x", 5, {}, {"uniqueKey": "k"}, {"url": "u"}])
def test_a_request_is_an_object_with_a_key_and_a_url(draft: Any) -> None:
    with pytest.raises(Invalid):
        check_request(draft)


def test_the_error_of_a_batch_names_every_invalid_request() -> None:
    with pytest.raises(Invalid) as error:
        check_requests([REQUEST, {**REQUEST, "uniqueKey": "b", "userData": []}, 5, REQUEST])
    assert error.value.message == (
        "The batch is not valid. Request at position 1 ('b'): 'userData' must be an object. "
        "Request at position 2: it must be a JSON object"
    )
    check_requests([])
