from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_text import dumps
from runtime.storages.item_view import ItemView, from_schema, leaves

Item = dict[str, Any]


def shown(view: ItemView, *items: Item) -> list[Item]:
    return list(view.shown(dumps(item) for item in items))


def test_a_plain_view_shows_items_as_they_are() -> None:
    items = [{"a": 1, "#b": {"c": [1]}}, {}]
    assert shown(ItemView(), *items) == items
    assert ItemView().is_plain and not ItemView(skip_empty=True).is_plain


def test_hidden_fields_are_those_at_the_top_that_begin_with_a_hash() -> None:
    assert shown(ItemView(skip_hidden=True), {"a": {"#b": 1}, "#c": 2}, {"#c": 3}) == [{"a": {"#b": 1}}, {}]


def test_picked_fields_come_in_the_order_asked_for() -> None:
    picked = shown(ItemView(fields=("b", "none", "a")), {"a": 1, "b": 2, "c": 3}, {"b": 5})
    assert [list(item.items()) for item in picked] == [[("b", 2), ("a", 1)], [("b", 5)]]


def test_picked_fields_can_have_other_names() -> None:
    view = ItemView(fields=("headline", "url"), output_fields=("title", "headline"))
    assert shown(view, {"headline": "H", "url": "U"}, {"url": "U"}) == [
        {"title": "H", "headline": "U"},
        {"headline": "U"},
    ]


def test_omitted_fields_go_by_their_new_names() -> None:
    assert shown(ItemView(omit=frozenset({"b"})), {"a": 1, "b": 2}) == [{"a": 1}]
    view = ItemView(fields=("a", "b"), output_fields=("b", "c"), omit=frozenset({"b"}))
    assert shown(view, {"a": 1, "b": 2}) == [{"c": 2}]


def test_an_item_is_empty_by_what_is_shown_of_it() -> None:
    assert shown(ItemView(omit=frozenset({"a"}), skip_empty=True), {"a": 1}, {"b": None}, {}) == [{"b": None}]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"x": 0, "u": [{"a": 1}, {"a": 2, "x": 9}]}, [{"x": 0, "a": 1}, {"x": 9, "a": 2}]),
        ({"x": 0, "u": {"a": 1}}, [{"x": 0, "a": 1}]),
        ({"x": 0, "u": [1, None, {"a": 1}]}, [{"x": 0, "u": 1}, {"x": 0, "u": None}, {"x": 0, "a": 1}]),
        ({"x": 0, "u": []}, [{"x": 0, "u": []}]),
        ({"x": 0, "u": "text"}, [{"x": 0, "u": "text"}]),
        ({"x": 0, "u": None}, [{"x": 0, "u": None}]),
        ({"x": 0}, [{"x": 0}]),
    ],
)
def test_unwinding(item: Item, expected: list[Item]) -> None:
    assert shown(ItemView(unwind=("u",)), item) == expected


def test_fields_are_unwound_one_after_the_other() -> None:
    item = {"a": [{"b": [{"n": 1}, {"n": 2}]}, {"b": [{"n": 3}]}]}
    assert shown(ItemView(unwind=("a", "b")), item) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert shown(ItemView(unwind=("b", "a")), item) == [{"b": [{"n": 1}, {"n": 2}]}, {"b": [{"n": 3}]}]


def test_flattening() -> None:
    item = {"foo": {"bar": "hello", "list": [{"x": 1}, 2], "none": {}}, "other": {"a": 1}, "text": "t"}
    assert shown(ItemView(flatten=("foo", "text", "missing")), item) == [
        {"foo.bar": "hello", "foo.list.0.x": 1, "foo.list.1": 2, "foo.none": {}, "other": {"a": 1}, "text": "t"}
    ]


def test_failed_pages_are_told_by_their_error() -> None:
    assert shown(ItemView(skip_failed=True), {"a": 1}, {"errorInfo": None}, {"errorInfo": {}}) == [{"a": 1}]


def test_everything_happens_in_the_platforms_order() -> None:
    view = ItemView(
        unwind=("u",),
        skip_hidden=True,
        fields=("a", "#h", "n"),
        output_fields=("b", "h", "n"),
        omit=frozenset({"b"}),
        flatten=("n",),
        skip_empty=True,
    )
    item = {"u": [{"a": 1, "#h": 2, "n": {"m": 3}}, {"a": 4}]}
    assert shown(view, item) == [{"n.m": 3}]


SCHEMA = {
    "views": {
        "overview": {
            "title": "Overview",
            "transformation": {"fields": ["b", "a"], "flatten": ["b"], "unwind": "u", "omit": []},
            "display": {},
        },
        "bare": {"title": "Bare"},
    }
}


def test_a_view_of_the_schema_holds_where_the_caller_asks_for_nothing_else() -> None:
    assert from_schema(SCHEMA, "overview", ItemView()) == ItemView(fields=("b", "a"), flatten=("b",), unwind=("u",))
    asked = ItemView(fields=("c",), skip_empty=True)
    assert from_schema(SCHEMA, "overview", asked) == ItemView(
        fields=("c",), flatten=("b",), unwind=("u",), skip_empty=True
    )
    assert from_schema(SCHEMA, "bare", asked) == asked


@pytest.mark.parametrize("schema", [None, {}, {"views": 5}, {"views": {}}, {"views": {"none": 5}}, SCHEMA])
def test_a_view_that_is_not_there_is_refused(schema: Item | None) -> None:
    with pytest.raises(Invalid, match="no view 'none'"):
        from_schema(schema, "none", ItemView())


def test_leaves() -> None:
    assert dict(leaves("a", {"b": [1, {"c": []}], "d": None}, "/")) == {"a/b/0": 1, "a/b/1/c": [], "a/d": None}
    assert dict(leaves("a", 5, "/")) == {"a": 5}
