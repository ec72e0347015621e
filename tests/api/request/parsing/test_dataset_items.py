from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from api.request.params import Params
from api.request.parsing.dataset_items import ItemsQuery, parse_items_query
from runtime.storages.item_view import ItemView

STEPS = {
    "fields": ["b", "a", 5],
    "flatten": "b",
    "unwind": ["u"],
    "omit": [],
    "limit": 3,
    "desc": True,
    "skipEmpty": True,
}


def parse(query: str, steps: dict[str, Any]) -> ItemsQuery:
    request = Request({"type": "http", "query_string": query.encode(), "headers": []})
    return parse_items_query(Params(request), {"views": {"v": {"transformation": steps}}})


def test_a_view_of_the_schema_has_all_its_steps() -> None:
    query = parse("view=v&offset=1", STEPS)
    assert query.view == ItemView(fields=("b", "a"), flatten=("b",), unwind=("u",), skip_empty=True)
    assert (query.offset, query.limit, query.desc) == (1, 3, True)
    assert parse("view=v", {"clean": True}).view == ItemView(skip_hidden=True, skip_empty=True)
    assert parse("", STEPS).view.is_plain


def test_the_query_takes_precedence_over_the_view() -> None:
    query = parse("view=v&fields=c&limit=8&desc=0&skipEmpty=0&omit=x", STEPS)
    assert query.view == ItemView(fields=("c",), flatten=("b",), unwind=("u",), omit=frozenset({"x"}))
    assert (query.limit, query.desc) == (8, False)
    assert parse("view=v&limit=0", STEPS).limit is None


@pytest.mark.parametrize("wrong", ["3", -3, 0, 1.5, True, None, [3]])
def test_steps_of_a_wrong_type_are_ignored(wrong: Any) -> None:
    steps = {"limit": wrong, "desc": wrong if wrong is not True else "true", "fields": {"a": wrong}, "unwind": [wrong]}
    query = parse("view=v", steps)
    assert (query.limit, query.desc, query.view.fields) == (None, False, ())


def test_simplified_replaces_fields_and_unwind() -> None:
    view = parse("simplified=1&fields=a&outputFields=b&unwind=c&omit=d", {}).view
    assert view == ItemView(
        simplified_fields=("url", "pageFunctionResult", "errorInfo"),
        unwind=("pageFunctionResult",),
        omit=frozenset({"d"}),
    )
