from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request

from api.request.params import MAX_SAFE_INTEGER, Params
from runtime.base.errors import Invalid
from runtime.base.paging import Paging


def params(query: str) -> Params:
    return Params(Request({"type": "http", "query_string": query.encode(), "headers": []}))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("True", True), ("TRUE", True), ("0", False), ("false", False), ("", None)],
)
def test_the_spellings_of_a_flag(text: str, value: bool | None) -> None:
    assert params(f"desc={text}").flag("desc") is value
    assert params("").flag("desc") is None


@pytest.mark.parametrize("text", ["yes", "2", "on", "tru", "-1"])
def test_an_invalid_flag_is_named_in_the_error(text: str) -> None:
    with pytest.raises(Invalid, match="'desc'"):
        params(f"desc={text}").flag("desc")


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("5.0", 5), ("1e3", 1000), ("0", 0), ("", None), (str(MAX_SAFE_INTEGER), MAX_SAFE_INTEGER)],
)
def test_an_integer_can_be_written_as_a_float(text: str, value: int | None) -> None:
    parsed = params(f"n={text}").integer("n")
    assert parsed == value and not isinstance(parsed, float)


@pytest.mark.parametrize("text", ["1.5", "-1", "ten", "nan", "inf", "-inf", "1e300", "0x10", "1,5"])
def test_an_invalid_integer_is_rejected(text: str) -> None:
    with pytest.raises(Invalid) as problem:
        params(f"n={quote(text)}").integer("n")
    assert problem.value.slug == "invalid-parameter"
    assert "'n'" in problem.value.message


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("fields=a,b", ["a", "b"]),
        ("fields=a&fields=b", ["a", "b"]),
        ("fields=a,b&fields=c", ["a", "b", "c"]),
        ("fields=a%2Cb", ["a", "b"]),
        ("fields=,a,,", ["a"]),
        ("fields=", []),
        ("", []),
    ],
)
def test_a_list_can_be_joined_repeated_or_both(query: str, texts: list[str]) -> None:
    assert params(query).texts("fields") == texts


@pytest.mark.parametrize(
    ("text", "secs"),
    [("", 0), ("0", 0), ("30", 30), ("0.5", 0.5), ("60", 60), ("61", 60), ("999999", 60), ("-5", 0), ("-0.3", 0)],
)
def test_a_wait_is_limited_as_on_the_platform(text: str, secs: float) -> None:
    assert params(f"waitForFinish={text}").wait_secs() == secs


@pytest.mark.parametrize(
    ("query", "paging"),
    [
        ("", Paging(0, 1000, False)),
        ("limit=0", Paging(0, 1000, False)),
        ("limit=5&offset=3&desc=1", Paging(3, 5, True)),
        ("limit=1000", Paging(0, 1000, False)),
        ("limit=1001", Paging(0, 1000, False)),
        ("limit=999999&offset=&desc=", Paging(0, 1000, False)),
        ("nonsense=1&clientKey=x&limit=2", Paging(0, 2, False)),
    ],
)
def test_paging_is_limited_and_unknown_parameters_are_ignored(query: str, paging: Any) -> None:
    assert params(query).paging() == paging
