from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_text import dumps
from runtime.storages.item_view import (
    MAX_FIELDS,
    MAX_PATHS_LENGTH,
    MAX_UNWINDS,
    ItemView,
    check_size,
    from_schema,
    leaves,
)

Item = dict[str, Any]


def apply(view: ItemView, *items: Item) -> list[Item]:
    return [item for item in view.apply(dumps(item) for item in items) if item is not None]


def test_a_plain_view_does_not_change_items() -> None:
    items = [{"a": 1, "#b": {"c": [1]}}, {}]
    assert apply(ItemView(), *items) == items
    assert ItemView().is_plain and not ItemView(skip_empty=True).is_plain


def test_hidden_fields_are_top_level_fields_that_begin_with_a_hash() -> None:
    assert apply(ItemView(skip_hidden=True), {"a": {"#b": 1}, "#c": 2}, {"#c": 3}) == [{"a": {"#b": 1}}, {}]


def test_selected_fields_are_in_the_requested_order() -> None:
    selected = apply(ItemView(fields=("b", "none", "a")), {"a": 1, "b": 2, "c": 3}, {"b": 5})
    assert [list(item.items()) for item in selected] == [[("b", 2), ("a", 1)], [("b", 5)]]


def test_selected_fields_can_be_renamed() -> None:
    view = ItemView(fields=("headline", "url"), output_fields=("title", "headline"))
    assert apply(view, {"headline": "H", "url": "U"}, {"url": "U"}) == [
        {"title": "H", "headline": "U"},
        {"headline": "U"},
    ]


def test_fields_are_omitted_by_their_new_names() -> None:
    assert apply(ItemView(omit=frozenset({"b"})), {"a": 1, "b": 2}) == [{"a": 1}]
    view = ItemView(fields=("a", "b"), output_fields=("b", "c"), omit=frozenset({"b"}))
    assert apply(view, {"a": 1, "b": 2}) == [{"c": 2}]


def test_an_item_is_empty_if_the_view_shows_nothing_of_it() -> None:
    assert apply(ItemView(omit=frozenset({"a"}), skip_empty=True), {"a": 1}, {"b": None}, {}) == [{"b": None}]


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
    assert apply(ItemView(unwind=("u",)), item) == expected


def test_fields_are_unwound_one_after_another() -> None:
    item = {"a": [{"b": [{"n": 1}, {"n": 2}]}, {"b": [{"n": 3}]}]}
    assert apply(ItemView(unwind=("a", "b")), item) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert apply(ItemView(unwind=("b", "a")), item) == [{"b": [{"n": 1}, {"n": 2}]}, {"b": [{"n": 3}]}]


def test_flattening() -> None:
    item = {"foo": {"bar": "hello", "list": [{"x": 1}, 2], "none": {}}, "other": {"a": 1}, "text": "t"}
    assert apply(ItemView(flatten=("foo", "text", "missing")), item) == [
        {"foo.bar": "hello", "foo.list.0.x": 1, "foo.list.1": 2, "foo.none": {}, "other": {"a": 1}, "text": "t"}
    ]


def test_items_of_failed_pages_are_skipped() -> None:
    assert apply(ItemView(skip_failed=True), {"a": 1}, {"errorInfo": None}, {"errorInfo": {}}) == [{"a": 1}]


def test_the_steps_are_in_the_platforms_order() -> None:
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
    assert apply(view, item) == [{"n.m": 3}]


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


def test_requested_fields_take_precedence_over_the_view_of_the_schema() -> None:
    assert from_schema(SCHEMA, "overview", ItemView()) == ItemView(fields=("b", "a"), flatten=("b",), unwind=("u",))
    requested = ItemView(fields=("c",), skip_empty=True)
    assert from_schema(SCHEMA, "overview", requested) == ItemView(
        fields=("c",), flatten=("b",), unwind=("u",), skip_empty=True
    )
    assert from_schema(SCHEMA, "bare", requested) == requested


@pytest.mark.parametrize("schema", [None, {}, {"views": 5}, {"views": {}}, {"views": {"none": 5}}, SCHEMA])
def test_an_unknown_view_is_rejected(schema: Item | None) -> None:
    with pytest.raises(Invalid, match="no view 'none'"):
        from_schema(schema, "none", ItemView())


def test_leaves() -> None:
    assert dict(leaves("a", {"b": [1, {"c": []}], "d": None}, "/")) == {"a/b/0": 1, "a/b/1/c": [], "a/d": None}
    assert dict(leaves("a", 5, "/")) == {"a": 5}


def test_the_product_of_unwound_fields_is_computed_one_item_at_a_time() -> None:
    """All items of this product would need more memory than any machine has."""
    item = {name: list(range(100_000)) for name in ("a", "b", "c")}
    unwound = ItemView(unwind=("a", "b", "c")).apply([dumps(item)])
    assert [next(unwound) for _ in range(3)] == [{"a": 0, "b": 0, "c": n} for n in range(3)]


def test_items_that_are_not_shown_return_control() -> None:
    shown = ItemView(skip_empty=True, skip_failed=True).apply([b"{}", b'{"errorInfo":1}', b'{"a":1}'])
    assert list(shown) == [None, None, {"a": 1}]


def test_flattening_does_not_multiply_a_long_name() -> None:
    """The values stay nested where the names of all leaves would take gigabytes. No data is lost."""
    name, values = "x" * 1_000_000, list(range(10_000))
    (item,) = apply(ItemView(flatten=("a",)), {"a": {"short": [1, 2], name: values}, "b": 1})
    assert item == {"a.short.0": 1, "a.short.1": 2, f"a.{name}": values, "b": 1}
    assert sum(map(len, item)) < MAX_PATHS_LENGTH


def test_leaves_of_any_depth_are_found() -> None:
    value: Any = [1, {}, "x"]
    for _ in range(2000):
        value = {"a": value}
    found = dict(leaves("a", value, "."))
    assert list(found.values()) == [1, {}, "x"]


@pytest.mark.parametrize(
    "view",
    [
        ItemView(unwind=("a",) * (MAX_UNWINDS + 1)),
        ItemView(fields=tuple(map(str, range(MAX_FIELDS + 1)))),
        ItemView(omit=frozenset(map(str, range(MAX_FIELDS + 1)))),
        ItemView(flatten=tuple(map(str, range(MAX_FIELDS + 1)))),
        ItemView(fields=("a", "a"), output_fields=("b", "c")),
    ],
)
def test_views_that_would_multiply_an_item_are_rejected(view: ItemView) -> None:
    with pytest.raises(Invalid):
        check_size(view)
