from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_text import dumps
from runtime.storages.field_paths import MAX_PATHS_LENGTH, leaves_of
from runtime.storages.item_view import MAX_FIELDS, MAX_UNWINDS, ItemView, check_size, transformation

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


def test_a_nested_field_is_unwound_in_its_parent() -> None:
    item = {"x": 0, "a": {"b": [{"n": 1}, {"n": 2, "c": 9}, 5], "c": 3}}
    assert apply(ItemView(unwind=("a.b",)), item) == [
        {"x": 0, "a": {"c": 3, "n": 1}},
        {"x": 0, "a": {"c": 9, "n": 2}},
        {"x": 0, "a": {"c": 3, "b": 5}},
    ]
    assert apply(ItemView(unwind=("a.none", "x.b", "a.c")), item) == [item]
    assert apply(ItemView(unwind=("a.b",), flatten=("a",), fields=("a.n",), skip_empty=True), item) == [
        {"a.n": 1},
        {"a.n": 2},
    ]


def test_fields_are_unwound_one_after_another() -> None:
    item = {"a": [{"b": [{"n": 1}, {"n": 2}]}, {"b": [{"n": 3}]}]}
    assert apply(ItemView(unwind=("a", "b")), item) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert apply(ItemView(unwind=("b", "a")), item) == [{"b": [{"n": 1}, {"n": 2}]}, {"b": [{"n": 3}]}]


def test_flattening() -> None:
    item = {"foo": {"bar": "hello", "list": [{"x": 1}, 2], "none": {}}, "other": {"a": 1}, "text": "t"}
    assert apply(ItemView(flatten=("foo", "text", "missing")), item) == [
        {"foo.bar": "hello", "foo.list.0.x": 1, "foo.list.1": 2, "foo.none": {}, "other": {"a": 1}, "text": "t"}
    ]


PAGES: list[Item] = [
    {"url": "u", "metadata": {"title": "T", "lang": "en"}},
    {"url": "v", "metadata": {"lang": "de"}},
    {"url": "w", "metadata": None},
]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            ItemView(flatten=("metadata",), fields=("url", "metadata.title")),
            [{"url": "u", "metadata.title": "T"}, {"url": "v"}, {"url": "w"}],
        ),
        (
            ItemView(flatten=("metadata",), fields=("metadata", "url"), omit=frozenset({"metadata.lang"})),
            [{"metadata.title": "T", "url": "u"}, {"url": "v"}, {"metadata": None, "url": "w"}],
        ),
        (
            ItemView(flatten=("metadata",), omit=frozenset({"metadata"})),
            [{"url": "u"}, {"url": "v"}, {"url": "w"}],
        ),
        (
            ItemView(flatten=("metadata",), fields=("metadata.title", "url"), output_fields=("title", "link")),
            [{"title": "T", "link": "u"}, {"link": "v"}, {"link": "w"}],
        ),
        (
            ItemView(fields=("metadata.title", "url"), output_fields=("title", "link")),
            [{"title": "T", "link": "u"}, {"link": "v"}, {"link": "w"}],
        ),
        (
            ItemView(fields=("metadata.lang",), skip_empty=True),
            [{"metadata": {"lang": "en"}}, {"metadata": {"lang": "de"}}],
        ),
        (
            ItemView(omit=frozenset({"metadata.lang", "url"})),
            [{"metadata": {"title": "T"}}, {"metadata": {}}, {"metadata": None}],
        ),
    ],
)
def test_items_are_flattened_before_fields_are_selected(view: ItemView, expected: list[Item]) -> None:
    shown = apply(view, *PAGES)
    assert [list(item.items()) for item in shown] == [list(item.items()) for item in expected]


def test_unwound_items_are_flattened_before_fields_are_selected() -> None:
    item = {"url": "u", "offers": [{"price": {"value": 1, "unit": "EUR"}}, {"price": {"value": 2}}, {"none": 0}]}
    view = ItemView(unwind=("offers",), flatten=("price",), fields=("price.value", "url"), output_fields=("p", "u"))
    assert apply(view, item) == [{"p": 1, "u": "u"}, {"p": 2, "u": "u"}, {"u": "u"}]
    view = ItemView(unwind=("offers",), fields=("price.unit",), skip_empty=True)
    assert apply(view, item) == [{"price": {"unit": "EUR"}}]


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


SCHEMA = {"views": {"overview": {"transformation": {"fields": ["a"]}}, "bare": {"title": "Bare"}}}


def test_the_transformation_of_a_view_is_found_by_its_name() -> None:
    assert transformation(SCHEMA, "overview") == {"fields": ["a"]}
    assert transformation(SCHEMA, "bare") == {}


@pytest.mark.parametrize("schema", [None, {}, {"views": 5}, {"views": {}}, {"views": {"none": 5}}, SCHEMA])
def test_an_unknown_view_is_rejected(schema: Item | None) -> None:
    with pytest.raises(Invalid, match="no view 'none'"):
        transformation(schema, "none")


def test_simplified_fields_are_selected_before_their_content_is_unwound() -> None:
    """Otherwise only the content whose names are selected, too, would be shown."""
    view = ItemView(simplified_fields=("url", "result"), unwind=("result",), omit=frozenset({"b"}))
    page = {"url": "u", "loadedUrl": "v", "result": [{"a": 1, "b": 2}, {"a": 3}]}
    assert apply(view, page, {"url": "w", "result": None, "c": 1}) == [
        {"url": "u", "a": 1},
        {"url": "u", "a": 3},
        {"url": "w", "result": None},
    ]


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
    found = dict(leaves_of("a", value, "."))
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
