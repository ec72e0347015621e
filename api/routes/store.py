"""/v2/store: the public Actors of all users. It needs no token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from runtime.orchestrator import Orchestrator

router = APIRouter(prefix="/v2/store")

SORT_KEYS: dict[str, Callable[[Actor], Any]] = {
    "relevance": lambda actor: 0,
    "popularity": lambda actor: -actor.total_runs,
    "newest": lambda actor: -actor.created_at,
    "lastUpdate": lambda actor: -actor.modified_at,
}
SEARCHED_FIELDS = ("title", "name", "description", "username")
AGENT_SAFE_MODELS = frozenset({PricingModel.FREE, PricingModel.PAY_PER_EVENT})
"""The pricing models that are listed by default. The platform leaves out Actors that an agent should not start unasked,
such as rented ones (source code of Apify's MCP server)."""


@router.get("")
async def list_public_actors(request: Request, paging: PagingQuery) -> Response:
    orchestrator, params = orchestrator_of(request), Params(request)
    now, sort_by = orchestrator.clock.now(), params.choice("sortBy", SORT_KEYS) or "relevance"
    selection = _Selection.of(params)
    found = []
    for actor in sorted(orchestrator.actors.public(), key=SORT_KEYS[sort_by]):
        pricing = prices.in_force(actor.pricings, now)
        owner = orchestrator.users.get(actor.user_id)
        shown = serializers.actor_in_store(actor, owner, pricing, orchestrator.addresses)
        if selection.matches(shown) and selection.matches_text(shown, partial(_readme, orchestrator, actor)):
            found.append(shown)
    return page_response(found[paging.offset : paging.offset + paging.limit], len(found), paging)


def _readme(orchestrator: Orchestrator, actor: Actor) -> str:
    """The readme of the Actor's default build; empty without a build or a readme."""
    tagged = actor.tagged_builds.get(actor.defaults.build)
    return "" if tagged is None else orchestrator.builds.get(tagged.build_id).readme or ""


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which Actors of the Store the query selects. None selects all."""

    words: tuple[str, ...]
    category: str | None
    username: str | None
    pricing_models: frozenset[str]

    @classmethod
    def of(cls, params: Params) -> _Selection:
        return cls(
            words=tuple((params.text("search") or "").lower().split()),
            category=params.text("category"),
            username=params.text("username"),
            pricing_models=_pricing_models(params),
        )

    def matches(self, actor: JsonDict) -> bool:
        return (
            self.category in (None, *actor["categories"])
            and self.username in (None, actor["username"])
            and actor["currentPricingInfo"]["pricingModel"] in self.pricing_models
        )

    def matches_text(self, actor: JsonDict, readme: Callable[[], str]) -> bool:
        """Return whether the Actor's texts contain every word. The readme is read only if the shown texts do not."""
        texts = " ".join(actor[name] or "" for name in SEARCHED_FIELDS).lower()
        missing = [word for word in self.words if word not in texts]
        if missing:
            text = readme().lower()
            missing = [word for word in missing if word not in text]
        return not missing


def _pricing_models(params: Params) -> frozenset[str]:
    named = params.choice("pricingModel", PricingModel)
    if named is not None:
        return frozenset({named})
    return frozenset(PricingModel) if params.flag("includeUnrunnableActors") else AGENT_SAFE_MODELS
