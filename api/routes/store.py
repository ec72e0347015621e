"""/v2/store: the public Actors of all users, for anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response import serializers
from api.response.envelopes import page_response
from runtime.base.errors import Invalid
from runtime.base.records import Actor
from runtime.billing import prices

router = APIRouter(prefix="/v2/store")

ORDERS: dict[str, Callable[[Actor], Any]] = {
    "relevance": lambda actor: 0,
    "popularity": lambda actor: -actor.total_runs,
    "newest": lambda actor: -actor.created_at,
    "lastUpdate": lambda actor: -actor.modified_at,
}


@router.get("")
async def list_store(request: Request) -> Response:
    orchestrator, params = orchestrator_of(request), Params(request)
    now, paging, order = orchestrator.clock.now(), params.paging(), params.text("sortBy") or "relevance"
    if order not in ORDERS:
        raise Invalid("invalid-parameter", f"Query parameter 'sortBy' must be one of {', '.join(ORDERS)}")
    shown = []
    for actor in sorted(orchestrator.actors.public(), key=ORDERS[order]):
        pricing = prices.in_force(actor.pricings, now)
        shown.append(serializers.actor_in_store(actor, orchestrator.users.get(actor.user_id), pricing))
    found = [each for each in shown if _is_wanted(each, params)]
    return page_response(found[paging.offset : paging.offset + paging.limit], len(found), paging)


def _is_wanted(shown: dict[str, Any], params: Params) -> bool:
    texts = " ".join(shown[name] or "" for name in ("title", "name", "description", "username")).lower()
    category, username, model = params.text("category"), params.text("username"), params.text("pricingModel")
    return (
        (params.text("search") or "").lower() in texts
        and (category is None or category in shown["categories"])
        and (username is None or username == shown["username"])
        and (model is None or model == shown["currentPricingInfo"]["pricingModel"])
    )
