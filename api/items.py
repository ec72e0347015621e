"""The items of a dataset as an answer, in the format and view that the query asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.params import Params
from api.parts import parts_of
from api.responses import JSON
from runtime.errors import Invalid
from runtime.records import Dataset
from runtime.storages.datasets import ItemView

UNLIMITED = 999_999_999_999
"""What the platform says where no limit was asked for."""
LATER = ("unwind", "flatten", "view", "outputFields")


class Format(NamedTuple):
    content_type: str
    start: bytes
    between: bytes
    end: bytes


FORMATS = {
    "json": Format(JSON, b"[", b",\n", b"]"),
    "jsonl": Format("application/jsonl", b"", b"\n", b""),
}


def items_response(request: Request, record: Dataset, status: int = 200) -> Response:
    """The items of a dataset as the query asks for them; a synchronous run answers with the same."""
    params, datasets = Params(request), parts_of(request).datasets
    form = _format(params)
    offset, limit, desc = params.whole("offset") or 0, params.whole("limit") or None, params.flag("desc") or False
    page = datasets.items(record, _view(params), offset=offset, limit=limit, desc=desc)
    headers = {
        "Content-Type": form.content_type,
        "X-Apify-Pagination-Total": str(page.total),
        "X-Apify-Pagination-Offset": str(offset),
        "X-Apify-Pagination-Limit": str(limit or UNLIMITED),
        "X-Apify-Pagination-Count": str(page.count),
        "X-Apify-Pagination-Desc": "true" if desc else "false",
    }
    if params.flag("attachment"):
        headers["Content-Disposition"] = f'attachment; filename="items.{params.text("format") or "json"}"'
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    if page.rest is None:
        return Response(form.start + form.between.join(page.first) + form.end, status, headers)
    return StreamingResponse(_stream(form, page.first, page.rest()), status, headers)


def _format(params: Params) -> Format:
    name = params.text("format") or "json"
    if name not in FORMATS:
        raise Invalid("invalid-parameter", f"Format '{name}' is not served yet: ask for json or jsonl")
    for option in LATER:
        if params.text(option):
            raise Invalid("invalid-parameter", f"Query parameter '{option}' is not served yet")
    return FORMATS[name]


def _view(params: Params) -> ItemView:
    clean = params.flag("clean") or False
    return ItemView(
        skip_hidden=clean or params.flag("skipHidden") or False,
        skip_empty=clean or params.flag("skipEmpty") or False,
        fields=tuple(params.names("fields")),
        omit=frozenset(params.names("omit")),
    )


async def _stream(form: Format, first: list[bytes], rest: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    yield form.start + form.between.join(first)
    between = form.between if first else b""
    async for lines in rest:
        if lines:
            yield between + form.between.join(lines)
            between = form.between
    yield form.end
