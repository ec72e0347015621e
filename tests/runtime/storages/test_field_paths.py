from __future__ import annotations

from typing import Any

import pytest

from runtime.storages.field_paths import NO_LEAVES, flatten, leaves_of, omit, pick

Item = dict[str, Any]
PAGE = {"url": "u", "metadata": {"title": "T", "lang": "en", "author": {"name": "N"}}, "tags": ["a", {"b": 1, "c": 2}]}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["metadata.title", "url"], {"metadata": {"title": "T"}, "url": "u"}),
        (["metadata.lang", "url", "metadata.title"], {"metadata": {"lang": "en", "title": "T"}, "url": "u"}),
        (["metadata.author.name"], {"metadata": {"author": {"name": "N"}}}),
        (["metadata.title", "metadata"], {"metadata": PAGE["metadata"]}),
        (["metadata", "metadata.title"], {"metadata": PAGE["metadata"]}),
        (["tags.0"], {"tags": ["a"]}),
        (["tags.1.c", "tags.1.b"], {"tags": [None, {"c": 2, "b": 1}]}),
        (
            ["url.length", "metadata.none", "none.a", "tags.2", "tags.x", "tags.-1", "metadata.", ".url", "tags.²"],
            {},
        ),
        (["tags." + "9" * 5000], {}),
    ],
)
def test_a_dotted_name_picks_a_nested_field(names: list[str], expected: Item) -> None:
    assert pick(PAGE, names, (), NO_LEAVES) == expected


def test_a_field_whose_own_name_has_dots_comes_before_a_path() -> None:
    item = {"a.b": 1, "a": {"b": 2, "c.d": 3, "e": {"f": 4}}}
    assert pick(item, ["a.b", "a.c.d", "a.e.f"], (), NO_LEAVES) == {"a.b": 1, "a": {"c.d": 3, "e": {"f": 4}}}
    assert omit(item, ["a.b", "a.c.d"], NO_LEAVES) == {"a": {"b": 2, "e": {"f": 4}}}


def test_nested_fields_can_be_renamed() -> None:
    assert pick(PAGE, ["metadata.title", "tags.1.b"], ["meta.t", "b"], NO_LEAVES) == {"meta.t": "T", "b": 1}
    flat, leaves = flatten(PAGE, ["metadata"])
    assert pick(flat, ["metadata", "url"], ["m", "u"], leaves) == {
        "m.title": "T",
        "m.lang": "en",
        "m.author.name": "N",
        "u": "u",
    }


def test_the_name_of_a_flattened_field_means_all_of_its_leaves() -> None:
    flat, leaves = flatten(PAGE, ["metadata"])
    assert list(flat) == ["url", "metadata.title", "metadata.lang", "metadata.author.name", "tags"]
    assert pick(flat, ["metadata.author", "url"], (), leaves) == {"metadata.author.name": "N", "url": "u"}
    assert omit(flat, ["metadata", "metadata.title", "tags"], leaves) == {"url": "u"}
    assert omit(pick(flat, ["metadata"], (), leaves), ["metadata.author", "url"], leaves) == {
        "metadata.title": "T",
        "metadata.lang": "en",
    }
    flat, leaves = flatten(PAGE, ["metadata.author"])
    assert pick(flat, ["metadata.author", "metadata.lang"], (), leaves) == {
        "metadata": {"author.name": "N", "lang": "en"}
    }
    assert pick({"a.b": 1}, ["a"], (), NO_LEAVES) == {}
    assert omit({"a.b": 1}, ["a"], NO_LEAVES) == {"a.b": 1}


def test_a_dotted_name_omits_a_nested_field() -> None:
    before = repr(PAGE)
    assert omit(PAGE, ["metadata.lang", "metadata.author.name", "url.x", "none.a"], NO_LEAVES) == {
        **PAGE,
        "metadata": {"title": "T", "author": {}},
    }
    assert omit(PAGE, ["tags.1.b", "tags.0", "url"], NO_LEAVES) == {
        "metadata": PAGE["metadata"],
        "tags": [None, {"c": 2}],
    }
    assert repr(PAGE) == before


def test_a_dotted_name_flattens_a_nested_field() -> None:
    assert flatten(PAGE, ["metadata.author", "url", "none.a", "tags.1"])[0] == {
        **PAGE,
        "metadata": {"title": "T", "lang": "en", "author.name": "N"},
    }
    assert flatten({"a": {"b": {"c": 1}}}, ["a", "a.b"])[0] == {"a.b.c": 1}


def test_names_and_items_can_be_nested_deeply() -> None:
    depth = 490
    item: Any = 1
    for _ in range(depth):
        item = {"a": item}
    name = ".".join("a" * depth)
    assert pick(item, [name, name + ".a", ".".join("a" * 10_000)], (), NO_LEAVES) == item
    assert omit(item, [name], NO_LEAVES) != item
    flat, leaves = flatten(item, [".".join("a" * 300)])
    assert pick(flat, [name], (), leaves) == flat


def test_leaves() -> None:
    assert dict(leaves_of("a", {"b": [1, {"c": []}], "d": None}, "/")) == {"a/b/0": 1, "a/b/1/c": [], "a/d": None}
    assert dict(leaves_of("a", 5, "/")) == {"a": 5}
