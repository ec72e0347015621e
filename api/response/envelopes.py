"""Responses in the platform's envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from runtime.base.json_text import dumps
from runtime.base.paging import Paging

JSON = "application/json; charset=utf-8"


class LocalResponse(JSONResponse):
    """A response of the local controls, which have no envelope."""

    media_type = JSON


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON without an envelope. Messages may quote half a surrogate pair that a client sent."""
    return Response(dumps(value), status, dict(headers or {}), media_type=JSON)


def data_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The usual envelope: `{"data": ...}`."""
    return json_response({"data": value}, status, headers)


def created_response(value: Any, location: str) -> Response:
    """The usual envelope around a new record, with the record's address."""
    return data_response(value, 201, {"Location": location})


def page_response(items: list[Any], total: int, paging: Paging, **fields: Any) -> Response:
    """One page of a list, with more `fields`. Clients require the other six fields (apify-client 3)."""
    return data_response(
        {
            "total": total,
            "offset": paging.offset,
            "limit": paging.limit,
            "desc": paging.desc,
            "count": len(items),
            "items": items,
            **fields,
        }
    )


def no_content() -> Response:
    return Response(status_code=204)
