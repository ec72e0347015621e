"""The response that holds the items of a dataset, in the format and view that the query selects."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.request.disconnects import while_connected
from api.request.parsing.dataset_items import ItemsQuery
from api.response.exports import FORMATS
from api.response.exports.json_text import JsonLines
from api.response.record_response import SANDBOX
from runtime.base.records import Dataset
from runtime.storages.datasets import Datasets

UNLIMITED = 999_999_999_999
"""What the platform's header reports if a request has no limit."""
PAGE_HEADERS = {"Content-Security-Policy": SANDBOX, "X-Content-Type-Options": "nosniff"}
"""For formats that browsers display. Items can contain any HTML, which must not call the API as the reader."""


async def items_response(
    request: Request, datasets: Datasets, dataset: Dataset, query: ItemsQuery, *, status: int = 200
) -> Response:
    """The items that the query selects; only the headers for a HEAD request. Raises Invalid."""
    page = datasets.items(dataset, offset=query.offset, limit=query.limit, desc=query.desc)
    export = FORMATS[query.format](dataset, page, query.view, query.options)
    headers = {
        "Content-Type": export.content_type,
        **({} if isinstance(export, JsonLines) else PAGE_HEADERS),
        "X-Apify-Pagination-Total": str(page.total),
        "X-Apify-Pagination-Offset": str(query.offset),
        "X-Apify-Pagination-Limit": str(query.limit or UNLIMITED),
        "X-Apify-Pagination-Count": str(page.count),
        "X-Apify-Pagination-Desc": "true" if query.desc else "false",
    }
    if query.is_attachment:
        headers["Content-Disposition"] = f'attachment; filename="items.{query.format}"'
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    if isinstance(export, JsonLines) and (whole := export.whole) is not None:
        return Response(whole, status, headers)
    await while_connected(request, export.open())
    return StreamingResponse(export.stream(), status, headers)
