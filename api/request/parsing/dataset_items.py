"""Parsers of the query of a request for the items of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from api.request.params import Params
from runtime.base.errors import Invalid
from runtime.base.records import Dataset
from runtime.storages.item_view import ItemView, check_size, from_schema

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


def parse_items_query(params: Params, dataset: Dataset) -> ItemsQuery:
    return ItemsQuery(
        format=_parse_format(params),
        view=parse_item_view(params, dataset),
        options=_parse_options(params),
        offset=params.integer("offset") or 0,
        limit=params.integer("limit") or None,
        desc=params.flag("desc") or False,
        is_attachment=params.flag("attachment") or False,
    )


def parse_item_view(params: Params, dataset: Dataset) -> ItemView:
    """The fields of the items that the query selects, on top of the schema's view that it names."""
    clean, fields, output_fields = params.flag("clean"), params.texts("fields"), params.texts("outputFields")
    if output_fields and len(output_fields) != len(fields):
        raise Invalid("invalid-parameter", "'outputFields' must name as many fields as 'fields', which it renames")
    view = ItemView(
        skip_failed=params.flag("skipFailedPages") or False,
        unwind=tuple(params.texts("unwind")),
        skip_hidden=clean or params.flag("skipHidden") or False,
        fields=tuple(fields),
        output_fields=tuple(output_fields),
        omit=frozenset(params.texts("omit")),
        flatten=tuple(params.texts("flatten")),
        skip_empty=clean or params.flag("skipEmpty") or False,
    )
    if params.flag("simplified"):  # the format of the platform's old crawler
        view = replace(view, fields=SIMPLIFIED_FIELDS, output_fields=(), unwind=SIMPLIFIED_UNWIND)
    name = params.text("view")
    return check_size(view if name is None else from_schema(dataset.schema, name, view))


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
