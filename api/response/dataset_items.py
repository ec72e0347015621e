"""The items of a dataset as an answer, in the format and view that the query asks for."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response.exports import FORMATS
from api.response.exports.export import Options
from api.response.exports.json_text import JsonLines
from api.response.stored_records import SANDBOX
from runtime.base.errors import Invalid
from runtime.base.records import Dataset
from runtime.storages.item_view import ItemView, from_schema

UNLIMITED = 999_999_999_999
"""What the platform says where no limit was asked for."""
AS_A_PAGE = {"Content-Security-Policy": SANDBOX, "X-Content-Type-Options": "nosniff"}
"""Browsers show these formats, and an item's fields may become any element: it must not act in the API's name."""
SIMPLIFIED_FIELDS = ("url", "pageFunctionResult", "errorInfo")
SIMPLIFIED_UNWIND = ("pageFunctionResult",)


async def items_response(request: Request, record: Dataset, status: int = 200) -> Response:
    """The items of a dataset as the query asks for them; a synchronous run answers with the same."""
    params, datasets = Params(request), orchestrator_of(request).datasets
    name, view, options = _format(params), item_view(params, record), _options(params)
    offset, limit, desc = params.whole("offset") or 0, params.whole("limit") or None, params.flag("desc") or False
    page = datasets.items(record, offset=offset, limit=limit, desc=desc)
    export = FORMATS[name](record, page, view, options)
    headers = {
        "Content-Type": export.content_type,
        **({} if isinstance(export, JsonLines) else AS_A_PAGE),
        "X-Apify-Pagination-Total": str(page.total),
        "X-Apify-Pagination-Offset": str(offset),
        "X-Apify-Pagination-Limit": str(limit or UNLIMITED),
        "X-Apify-Pagination-Count": str(page.count),
        "X-Apify-Pagination-Desc": "true" if desc else "false",
    }
    if params.flag("attachment"):
        headers["Content-Disposition"] = f'attachment; filename="items.{name}"'
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    if isinstance(export, JsonLines) and (whole := export.whole) is not None:
        return Response(whole, status, headers)
    await export.open()
    return StreamingResponse(export.stream(), status, headers)


def item_view(params: Params, record: Dataset) -> ItemView:
    """How the query wants items to be shown. Raises Invalid."""
    clean, fields, output_fields = params.flag("clean"), params.names("fields"), params.names("outputFields")
    if output_fields and len(output_fields) != len(fields):
        raise Invalid("invalid-parameter", "'outputFields' must name as many fields as 'fields', which it renames")
    asked = ItemView(
        skip_failed=params.flag("skipFailedPages") or False,
        unwind=tuple(params.names("unwind")),
        skip_hidden=clean or params.flag("skipHidden") or False,
        fields=tuple(fields),
        output_fields=tuple(output_fields),
        omit=frozenset(params.names("omit")),
        flatten=tuple(params.names("flatten")),
        skip_empty=clean or params.flag("skipEmpty") or False,
    )
    if params.flag("simplified"):  # results of the platform's old crawler, as that showed them
        asked = replace(asked, fields=SIMPLIFIED_FIELDS, output_fields=(), unwind=SIMPLIFIED_UNWIND)
    name = params.text("view")
    return asked if name is None else from_schema(record.schema, name, asked)


def _format(params: Params) -> str:
    name = params.text("format") or "json"
    if name not in FORMATS:
        raise Invalid(
            "invalid-parameter", f"Query parameter 'format' must be one of {', '.join(FORMATS)}, not '{name}'"
        )
    return name


def _options(params: Params) -> Options:
    usual = Options()
    delimiter = params.text("delimiter") or usual.delimiter
    if len(delimiter) != 1 or delimiter in '\r\n"':
        raise Invalid("invalid-parameter", "Query parameter 'delimiter' must be one character, such as %09 for a tab")
    return Options(
        bom=params.flag("bom"),
        delimiter=delimiter,
        skip_header_row=params.flag("skipHeaderRow") or False,
        xml_root=params.text("xmlRoot") or usual.xml_root,
        xml_row=params.text("xmlRow") or usual.xml_row,
        feed_title=params.text("feedTitle"),
        feed_description=params.text("feedDescription"),
    )
