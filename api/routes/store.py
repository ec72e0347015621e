"""/v2/store: the public Actors of all users. It needs no token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery, Params
from api.response import serializers
from api.response.envelopes import page_response
from runtime.base.errors import Invalid
from runtime.base.json_text import JsonDict
from runtime.base.records import Actor
from runtime.billing import prices

router = APIRouter(prefix="/v2/store")

SORT_KEYS: dict[str, Callable[[Actor], Any]] = {
    "relevance": lambda actor: 0,
    "popularity": lambda actor: -actor.total_runs,
    "newest": lambda actor: -actor.created_at,
    "lastUpdate": lambda actor: -actor.modified_at,
}


@router.get("")
async def list_public_actors(request: Request, paging: PagingQuery) -> Response:
    orchestrator, params = orchestrator_of(request), Params(request)
    now, sort_by = orchestrator.clock.now(), params.text("sortBy") or "relevance"
    if sort_by not in SORT_KEYS:
        raise Invalid("invalid-parameter", f"Query parameter 'sortBy' must be one of {', '.join(SORT_KEYS)}")
    presented = []
    for actor in sorted(orchestrator.actors.public(), key=SORT_KEYS[sort_by]):
        pricing = prices.in_force(actor.pricings, now)
        presented.append(serializers.actor_in_store(actor, orchestrator.users.get(actor.user_id), pricing))
    found = [each for each in presented if _matches(each, params)]
    return page_response(found[paging.offset : paging.offset + paging.limit], len(found), paging)


def _matches(actor: JsonDict, params: Params) -> bool:
    """Whether the query selects an Actor of the Store."""
    texts = " ".join(actor[name] or "" for name in ("title", "name", "description", "username")).lower()
    category, username, model = params.text("category"), params.text("username"), params.text("pricingModel")
    return (
        (params.text("search") or "").lower() in texts
        and (category is None or category in actor["categories"])
        and (username is None or username == actor["username"])
        and (model is None or model == actor["currentPricingInfo"]["pricingModel"])
    )
