"""Views of a dataset's items: select, rename, omit, unwind and flatten their fields.

Source: the parameters of "Get dataset items" in the platform's API reference. The platform applies them in the order in
which the reference describes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.base.background import in_background
from runtime.base.errors import Invalid
from runtime.base.json_text import loads

Item = dict[str, Any]
HIDDEN_PREFIX = "#"
MAX_FIELDS = 2000
MAX_UNWINDS = 20
MAX_PATHS_LENGTH = 10_000_000
"""The total length of the names that flattening gives to the leaves of one field."""
MAX_PARTS_IN_THREAD = 100_000
FAILED = "errorInfo"
"""In results of the platform's legacy crawler, an item with this field stands for a page that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """The steps for each item, in this order. `output_fields` are the new names of `fields`, one for each."""

    skip_failed: bool = False
    unwind: tuple[str, ...] = ()
    skip_hidden: bool = False
    fields: tuple[str, ...] = ()
    output_fields: tuple[str, ...] = ()
    omit: frozenset[str] = frozenset()
    flatten: tuple[str, ...] = ()
    skip_empty: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the view shows items as they are stored."""
        return self == PLAIN

    def apply(self, lines: Iterable[bytes]) -> Iterator[Item | None]:
        """Apply the view to stored items, given as JSON. One stored item can yield one or many items.

        It yields None in place of an item that is not shown, so that it never works for long between two items.
        """
        for line in lines:
            item = loads(line)
            if self.skip_failed and FAILED in item:
                yield None
                continue
            for unwound in _unwind(item, self.unwind):
                shown = self._select_fields(unwound)
                yield shown if shown or not self.skip_empty else None

    def _select_fields(self, item: Item) -> Item:
        if self.skip_hidden:
            item = {name: value for name, value in item.items() if not name.startswith(HIDDEN_PREFIX)}
        if self.fields:
            names = zip(self.fields, self.output_fields or self.fields, strict=True)
            item = {new: item[name] for name, new in names if name in item}
        if self.omit:
            item = {name: value for name, value in item.items() if name not in self.omit}
        return _flatten(item, self.flatten) if self.flatten else item


PLAIN = ItemView()


async def has_giant(lines: Iterable[bytes]) -> bool:
    """Whether one of the items has so many objects and arrays that parsing it would hold the interpreter lock for long.

    Brackets in its strings count, too: a helper process, where such items belong, can parse any item.
    """
    return await in_background(lambda: any(line.count(b"{") + line.count(b"[") > MAX_PARTS_IN_THREAD for line in lines))


def from_schema(schema: Mapping[str, Any] | None, name: str, requested: ItemView) -> ItemView:
    """A view of the dataset's schema, by name. The steps in `requested` replace its own. Raises Invalid if unknown."""
    views = schema.get("views") if schema is not None else None
    view = views.get(name) if isinstance(views, dict) else None
    if not isinstance(view, dict):
        known = ", ".join(views) if isinstance(views, dict) else "none"
        raise Invalid("invalid-parameter", f"The dataset's schema has no view '{name}'. Its views are: {known}")
    transformation = view.get("transformation")
    given = transformation if isinstance(transformation, dict) else {}
    return replace(
        requested,
        unwind=requested.unwind or _names(given, "unwind"),
        fields=requested.fields or _names(given, "fields"),
        omit=requested.omit or frozenset(_names(given, "omit")),
        flatten=requested.flatten or _names(given, "flatten"),
    )


def check_size(view: ItemView) -> ItemView:
    """The view. Raises Invalid if its steps name so many fields that each item would take long."""
    if len(view.unwind) > MAX_UNWINDS:
        raise Invalid("invalid-parameter", f"At most {MAX_UNWINDS} fields can be unwound, not {len(view.unwind)}")
    longest = max(len(view.fields), len(view.omit), len(view.flatten))
    if longest > MAX_FIELDS:
        raise Invalid("invalid-parameter", f"At most {MAX_FIELDS} fields can be selected, not {longest}")
    if view.output_fields and len(set(view.fields)) < len(view.fields):
        raise Invalid("invalid-parameter", "A field that 'outputFields' renames can be selected only once")
    return view


def _names(transformation: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = transformation.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _unwind(item: Item, fields: tuple[str, ...]) -> Iterator[Item]:
    """The items of the product of the fields' elements, one by one: there may be more than fit into memory."""
    if not fields:
        yield item
        return
    for each in _unwind_field(item, fields[0]):
        yield from _unwind(each, fields[1:])


def _unwind_field(parent: Item, field: str) -> Iterator[Item]:
    """One item per element of the parent's field, or the parent itself if the field has no elements."""
    value = parent.get(field)
    if isinstance(value, dict):
        yield _merge(parent, field, value)
    elif isinstance(value, list) and value:
        for element in value:
            yield _merge(parent, field, element)
    else:
        yield parent


def _merge(parent: Item, field: str, element: Any) -> Item:
    """Replace the field with the fields of the element. An element that is not an object becomes the field's value."""
    if not isinstance(element, dict):
        return {**parent, field: element}
    return {**{name: value for name, value in parent.items() if name != field}, **element}


def _flatten(item: Item, fields: tuple[str, ...]) -> Item:
    flat: Item = {}
    for name, value in item.items():
        if name in fields:
            flat.update(leaves(name, value, ".", MAX_PATHS_LENGTH))
        else:
            flat[name] = value
    return flat


def leaves(name: str, value: Any, separator: str, max_length: float = math.inf) -> Iterator[tuple[str, Any]]:
    """The leaves of a nested value with their paths. An empty object or array is a leaf.

    The last objects and arrays stay nested if the total length of all paths would exceed `max_length`: a long name with
    many leaves below it would need far more memory than the value.
    """
    length = 0
    levels: list[Iterator[tuple[str, Any]]] = [iter([(name, value)])]
    while levels:
        for path, each in levels[-1]:
            if each and isinstance(each, dict | list) and length + len(path) * len(each) <= max_length:
                levels.append(_children(path, each, separator))
                break
            length += len(path)
            yield path, each
        else:
            levels.pop()


def _children(path: str, value: dict[str, Any] | list[Any], separator: str) -> Iterator[tuple[str, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return ((f"{path}{separator}{key}", each) for key, each in inner)
