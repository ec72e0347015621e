"""Views of a dataset's items: select, rename, omit, unwind and flatten their fields.

Source: the parameters of "Get dataset items" in the platform's API reference. Items are flattened before fields are
selected or omitted: clients of the platform select `metadata.title` of a flattened `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.base.background import in_background
from runtime.base.errors import Invalid
from runtime.base.json_text import loads
from runtime.storages.field_paths import NO_LEAVES, Item, Path, find_field, flatten, omit, pick, replaced, value_at

HIDDEN_PREFIX = "#"
MAX_FIELDS = 2000
MAX_UNWINDS = 20
MAX_PARTS_IN_THREAD = 100_000
FAILED = "errorInfo"
"""In results of the platform's legacy crawler, an item with this field stands for a page that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """The steps for each item, in this order. `output_fields` are the new names of `fields`, one for each.

    `simplified_fields` are selected like `fields`, but before their content is unwound.
    """

    skip_failed: bool = False
    simplified_fields: tuple[str, ...] = ()
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

    def apply(self, lines: Iterable[bytes]) -> Iterator[Item | None]:
        """Apply the view to stored items, given as JSON. One stored item can yield one or many items.

        It yields None in place of an item that is not shown, so that it never works for long between two items.
        """
        for line in lines:
            item = loads(line)
            if self.skip_failed and FAILED in item:
                yield None
                continue
            if self.simplified_fields:
                item = pick(item, self.simplified_fields, (), NO_LEAVES)
            for unwound in _unwind(item, self.unwind):
                shown = self._select_fields(unwound)
                yield shown if shown or not self.skip_empty else None

    def _select_fields(self, item: Item) -> Item:
        if self.skip_hidden:
            item = {name: value for name, value in item.items() if not name.startswith(HIDDEN_PREFIX)}
        item, leaves = flatten(item, self.flatten) if self.flatten else (item, NO_LEAVES)
        if self.fields:
            item = pick(item, self.fields, self.output_fields, leaves)
        return omit(item, self.omit, leaves) if self.omit else item


PLAIN = ItemView()


async def has_giant(lines: Iterable[bytes]) -> bool:
    """Whether one of the items has so many objects and arrays that parsing it would hold the interpreter lock for long.

    Brackets in its strings count, too: a helper process, where such items belong, can parse any item.
    """
    return await in_background(lambda: any(line.count(b"{") + line.count(b"[") > MAX_PARTS_IN_THREAD for line in lines))


def transformation(schema: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    """The steps of a view of the dataset's schema, by its name; it may have none. Raises Invalid if it is unknown."""
    views = schema.get("views") if schema is not None else None
    view = views.get(name) if isinstance(views, dict) else None
    if not isinstance(view, dict):
        known = ", ".join(views) if isinstance(views, dict) else "none"
        raise Invalid("invalid-parameter", f"The dataset's schema has no view '{name}'. Its views are: {known}")
    steps = view.get("transformation")
    return steps if isinstance(steps, dict) else {}


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


def _unwind(item: Item, fields: tuple[str, ...]) -> Iterator[Item]:
    """The items of the product of the fields' elements, one by one: there may be more than fit into memory."""
    if not fields:
        yield item
        return
    for each in _unwind_field(item, fields[0]):
        yield from _unwind(each, fields[1:])


def _unwind_field(parent: Item, field: str) -> Iterator[Item]:
    """One item per element of the field, or the item itself if the field has no elements."""
    path = find_field(parent, field)
    value = None if path is None else value_at(parent, path)
    if path is None or not value or not isinstance(value, dict | list):
        yield parent
        return
    for element in [value] if isinstance(value, dict) else value:
        yield _merge(parent, path, element)


def _merge(item: Item, path: Path, element: Any) -> Item:
    """Replace the field with the fields of the element. An element that is not an object becomes the field's value."""
    return replaced(item, path, element if isinstance(element, dict) else {path[-1]: element})
