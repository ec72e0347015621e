"""Views of a dataset's items: select, rename, omit, unwind and flatten their fields.

Source: the parameters of "Get dataset items" in the platform's API reference. Items are flattened before fields are
selected or omitted: clients of the platform select `metadata.title` of a flattened `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_text import loads
from runtime.storages.field_paths import Item, Parts, flatten, omit, pick

HIDDEN_PREFIX = "#"
FAILED = "errorInfo"
"""In results of the platform's legacy crawler, an item with this field stands for a page that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """The steps for each item, in this order. `output_fields` are the new names of `fields`, one for each."""

    skip_failed: bool = False
    unwind: tuple[str, ...] = ()
    skip_hidden: bool = False
    flatten: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    output_fields: tuple[str, ...] = ()
    omit: frozenset[str] = frozenset()
    skip_empty: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the view shows items as they are stored."""
        return self == PLAIN

    def apply(self, lines: Iterable[bytes]) -> Iterator[Item]:
        """Apply the view to stored items, given as JSON. One stored item can yield zero, one or several items."""
        for line in lines:
            item = loads(line)
            if self.skip_failed and FAILED in item:
                continue
            for unwound in _unwind(item, self.unwind):
                shown = self._select_fields(unwound)
                if shown or not self.skip_empty:
                    yield shown

    def _select_fields(self, item: Item) -> Item:
        if self.skip_hidden:
            item = {name: value for name, value in item.items() if not name.startswith(HIDDEN_PREFIX)}
        parts: Parts = {}
        if self.flatten:
            item, parts = flatten(item, self.flatten)
        if self.fields:
            item = pick(item, self.fields, self.output_fields, parts)
        return omit(item, self.omit, parts) if self.omit else item


PLAIN = ItemView()


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


def _names(transformation: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = transformation.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _unwind(item: Item, fields: tuple[str, ...]) -> Iterable[Item]:
    items: list[Item] = [item]
    for field in fields:
        items = [each for parent in items for each in _unwind_field(parent, field)]
    return items


def _unwind_field(parent: Item, field: str) -> list[Item]:
    """One item per element of the parent's field, or the parent itself if the field has no elements."""
    value = parent.get(field)
    if isinstance(value, dict):
        return [_merge(parent, field, value)]
    if isinstance(value, list) and value:
        return [_merge(parent, field, element) for element in value]
    return [parent]


def _merge(parent: Item, field: str, element: Any) -> Item:
    """Replace the field with the fields of the element. An element that is not an object becomes the field's value."""
    if not isinstance(element, dict):
        return {**parent, field: element}
    return {**{name: value for name, value in parent.items() if name != field}, **element}
