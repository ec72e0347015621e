"""Parsers of the query of a request for the items of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from api.request.params import Params
from runtime.base.errors import Invalid
from runtime.storages.item_view import ItemView, check_size, transformation

SIMPLIFIED_FIELDS = ("url", "pageFunctionResult", "errorInfo")
SIMPLIFIED_UNWIND = ("pageFunctionResult",)


class ItemFormat(StrEnum):
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    HTML = "html"
    XLSX = "xlsx"
    XML = "xml"
    RSS = "rss"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatOptions:
    """Options of single formats; each format reads its own. If `bom` is None, the format decides."""

    bom: bool | None = None
    delimiter: str = ","
    skip_header_row: bool = False
    xml_root: str = "items"
    xml_row: str = "item"
    feed_title: str | None = None
    feed_description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsQuery:
    """Which items are returned, and how they are shown. A `limit` of None means all items."""

    format: ItemFormat
    view: ItemView
    options: FormatOptions
    offset: int
    limit: int | None
    desc: bool
    is_attachment: bool


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps in the query, and where it has none, those of the view of the dataset's schema that it names."""

    params: Params
    of_view: Mapping[str, Any]

    def names(self, step: str) -> tuple[str, ...]:
        given = self.params.texts(step) or self.of_view.get(step)
        if isinstance(given, str):
            return (given,)
        return tuple(each for each in given if isinstance(each, str)) if isinstance(given, list) else ()

    def flag(self, step: str) -> bool:
        given = self.params.flag(step)
        return self.of_view.get(step) is True if given is None else given

    def limit(self) -> int | None:
        """The largest number of items; None for all, which a limit of 0 means, too."""
        given = self.params.integer("limit")
        if given is None:
            given = self.of_view.get("limit")
        return given if type(given) is int and given > 0 else None


def parse_items_query(params: Params, schema: Mapping[str, Any] | None) -> ItemsQuery:
    """`schema` is the dataset's schema, which defines its views. Raises Invalid."""
    name = params.text("view")
    steps = _Steps(params, {} if name is None else transformation(schema, name))
    return ItemsQuery(
        format=_parse_format(params),
        view=_parse_item_view(steps),
        options=_parse_options(params),
        offset=params.integer("offset") or 0,
        limit=steps.limit(),
        desc=steps.flag("desc"),
        is_attachment=params.flag("attachment") or False,
    )


def _parse_item_view(steps: _Steps) -> ItemView:
    clean, params = steps.flag("clean"), steps.params
    output_fields = params.texts("outputFields")
    if output_fields and len(output_fields) != len(params.texts("fields")):
        raise Invalid("invalid-parameter", "'outputFields' must name as many fields as 'fields', which it renames")
    view = ItemView(
        skip_failed=params.flag("skipFailedPages") or False,
        unwind=steps.names("unwind"),
        skip_hidden=clean or steps.flag("skipHidden"),
        fields=steps.names("fields"),
        output_fields=tuple(output_fields),
        omit=frozenset(steps.names("omit")),
        flatten=steps.names("flatten"),
        skip_empty=clean or steps.flag("skipEmpty"),
    )
    if params.flag("simplified"):  # the format of the platform's old crawler
        view = replace(view, simplified_fields=SIMPLIFIED_FIELDS, unwind=SIMPLIFIED_UNWIND, fields=(), output_fields=())
    return check_size(view)


def _parse_format(params: Params) -> ItemFormat:
    name = params.text("format") or ItemFormat.JSON
    try:
        return ItemFormat(name)
    except ValueError as problem:
        known = ", ".join(ItemFormat)
        raise Invalid(
            "invalid-parameter", f"Query parameter 'format' must be one of {known}, not '{name}'"
        ) from problem


def _parse_options(params: Params) -> FormatOptions:
    defaults = FormatOptions()
    delimiter = params.text("delimiter") or defaults.delimiter
    if len(delimiter) != 1 or delimiter in '\r\n"':
        raise Invalid("invalid-parameter", "Query parameter 'delimiter' must be one character, such as %09 for a tab")
    return FormatOptions(
        bom=params.flag("bom"),
        delimiter=delimiter,
        skip_header_row=params.flag("skipHeaderRow") or False,
        xml_root=params.text("xmlRoot") or defaults.xml_root,
        xml_row=params.text("xmlRow") or defaults.xml_row,
        feed_title=params.text("feedTitle"),
        feed_description=params.text("feedDescription"),
    )
