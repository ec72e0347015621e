"""How a dataset's items are shown: which of their fields, under which names, unwound and flattened.

Source: the parameters of "Get dataset items" in the platform's API reference; their order is the one in which the
platform applies them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_text import loads

Item = dict[str, Any]
HIDDEN_PREFIX = "#"
FAILED = "errorInfo"
"""The field of an item that stands for a page that failed, in the old crawler's results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """What happens to each item, in this order; `output_fields` are other names for `fields`, one by one."""

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
        """Whether items are shown as they are stored."""
        return self == PLAIN

    def shown(self, lines: Iterable[bytes]) -> Iterator[Item]:
        """Stored items, as JSON, as they are shown: each is none, one or several."""
        for line in lines:
            item = loads(line)
            if self.skip_failed and FAILED in item:
                continue
            for each in _unwound(item, self.unwind):
                shown = self._formed(each)
                if shown or not self.skip_empty:
                    yield shown

    def _formed(self, item: Item) -> Item:
        if self.skip_hidden:
            item = {name: value for name, value in item.items() if not name.startswith(HIDDEN_PREFIX)}
        if self.fields:
            names = zip(self.fields, self.output_fields or self.fields, strict=True)
            item = {new: item[name] for name, new in names if name in item}
        if self.omit:
            item = {name: value for name, value in item.items() if name not in self.omit}
        return _flattened(item, self.flatten) if self.flatten else item


PLAIN = ItemView()


def from_schema(schema: Mapping[str, Any] | None, name: str, asked: ItemView) -> ItemView:
    """A view of the dataset's schema, but for what the caller asks for. Raises Invalid where there is no such view."""
    views = schema.get("views") if schema is not None else None
    view = views.get(name) if isinstance(views, dict) else None
    if not isinstance(view, dict):
        known = ", ".join(views) if isinstance(views, dict) else "none"
        raise Invalid("invalid-parameter", f"The dataset's schema has no view '{name}'; its views: {known}")
    transformation = view.get("transformation")
    given = transformation if isinstance(transformation, dict) else {}
    return replace(
        asked,
        unwind=asked.unwind or _names(given, "unwind"),
        fields=asked.fields or _names(given, "fields"),
        omit=asked.omit or frozenset(_names(given, "omit")),
        flatten=asked.flatten or _names(given, "flatten"),
    )


def _names(transformation: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = transformation.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _unwound(item: Item, fields: tuple[str, ...]) -> Iterable[Item]:
    items: list[Item] = [item]
    for field in fields:
        items = [each for parent in items for each in _unwound_by(parent, field)]
    return items


def _unwound_by(parent: Item, field: str) -> list[Item]:
    """An item for each element of the parent's field; the parent itself where that has none."""
    value = parent.get(field)
    if isinstance(value, dict):
        return [_merged(parent, field, value)]
    if isinstance(value, list) and value:
        return [_merged(parent, field, element) for element in value]
    return [parent]


def _merged(parent: Item, field: str, element: Any) -> Item:
    """The parent with the element in place of its field. An element without names of its own keeps the field's."""
    if not isinstance(element, dict):
        return {**parent, field: element}
    return {**{name: value for name, value in parent.items() if name != field}, **element}


def _flattened(item: Item, fields: tuple[str, ...]) -> Item:
    flat: Item = {}
    for name, value in item.items():
        if name in fields:
            flat.update(leaves(name, value, "."))
        else:
            flat[name] = value
    return flat


def leaves(name: str, value: Any, separator: str) -> Iterator[tuple[str, Any]]:
    """What is inside a nested value, by the path to it; an empty object or array is a leaf."""
    if not value or not isinstance(value, dict | list):
        yield name, value
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield from leaves(f"{name}{separator}{key}", each, separator)
