"""/v2/store: the public Actors of all users. It needs no token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery, Params
from api.response import serializers
from api.response.envelopes import page_response
from runtime.base.json_text import JsonDict
from runtime.base.records import Actor, PricingModel
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
    now, sort_by = orchestrator.clock.now(), params.choice("sortBy", SORT_KEYS) or "relevance"
    selection = _Selection.of(params)
    presented = []
    for actor in sorted(orchestrator.actors.public(), key=SORT_KEYS[sort_by]):
        pricing = prices.in_force(actor.pricings, now)
        owner = orchestrator.users.get(actor.user_id)
        presented.append(serializers.actor_in_store(actor, owner, pricing, orchestrator.addresses))
    found = [each for each in presented if selection.matches(each)]
    return page_response(found[paging.offset : paging.offset + paging.limit], len(found), paging)


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which Actors of the Store the query selects. None selects all."""

    search: str
    category: str | None
    username: str | None
    pricing_model: str | None

    @classmethod
    def of(cls, params: Params) -> _Selection:
        return cls(
            search=(params.text("search") or "").lower(),
            category=params.text("category"),
            username=params.text("username"),
            pricing_model=params.choice("pricingModel", PricingModel),
        )

    def matches(self, actor: JsonDict) -> bool:
        texts = " ".join(actor[name] or "" for name in ("title", "name", "description", "username")).lower()
        return (
            self.search in texts
            and self.category in (None, *actor["categories"])
            and self.username in (None, actor["username"])
            and self.pricing_model in (None, actor["currentPricingInfo"]["pricingModel"])
        )
