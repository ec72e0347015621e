"""/v2/store: the public Actors of all users. It needs no token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery, Params
from api.response import serializers
from api.response.envelopes import page_response
from runtime.base.json_text import JsonDict
from runtime.base.records import Actor, PermissionLevel, Pricing, PricingModel
from runtime.billing import prices
from runtime.orchestrator import Orchestrator

router = Router(prefix="/v2/store")

SORT_KEYS: dict[str, Callable[[Found], Any]] = {
    "relevance": lambda found: found.field_rank,
    "popularity": lambda found: (-found.shown["stats"]["totalUsers30Days"], -found.actor.total_runs),
    "newest": lambda found: -found.actor.created_at,
    "lastUpdate": lambda found: -found.actor.modified_at,
}
SEARCHED_FIELDS = ("title", "name", "username", "description")
"""In the order of their relevance. The readme is searched after them."""
RESPONSE_FORMATS = ("full", "agent")
RUNNABLE_MODELS = frozenset({PricingModel.FREE, PricingModel.PAY_PER_EVENT})
"""The pricing models that are listed by default. The platform leaves out Actors that an agent should not start unasked,
such as rented ones (source code of Apify's MCP server)."""


@dataclass(frozen=True, slots=True)
class Found:
    """An Actor that the query selects, as the Store shows it. `field_rank` is 0 if its title matches the search."""

    actor: Actor
    shown: JsonDict
    field_rank: int


@router.get("")
async def list_public_actors(request: Request, paging: PagingQuery) -> Response:
    orchestrator, params = orchestrator_of(request), Params(request)
    sort_by = params.choice("sortBy", SORT_KEYS) or "relevance"
    is_short = params.choice("responseFormat", RESPONSE_FORMATS) == "agent"
    found = sorted(_find(orchestrator, _Selection.of(params)), key=SORT_KEYS[sort_by])
    page = [each.shown for each in found[paging.offset : paging.offset + paging.limit]]
    return page_response(
        [serializers.actor_for_agents(each) for each in page] if is_short else page, len(found), paging
    )


def _find(orchestrator: Orchestrator, selection: _Selection) -> Iterator[Found]:
    now = orchestrator.clock.now()
    for actor in orchestrator.actors.public():
        pricing = prices.in_force(actor.pricings, now)
        owner, allows_agents = orchestrator.users.get(actor.user_id), _allows_agents(actor, pricing)
        shown = serializers.actor_in_store(
            actor, owner, pricing, orchestrator.addresses, now, allows_agents=allows_agents
        )
        if selection.matches(actor, shown):
            rank = selection.field_rank(shown, partial(_readme, orchestrator, actor))
            if rank is not None:
                yield Found(actor, shown, rank)


def _readme(orchestrator: Orchestrator, actor: Actor) -> str:
    """The readme of the Actor's default build; empty without a build or a readme."""
    tagged = actor.tagged_builds.get(actor.defaults.build)
    return "" if tagged is None else orchestrator.builds.get(tagged.build_id).readme or ""


def _allows_agents(actor: Actor, pricing: Pricing | None) -> bool:
    """Whether an agent that pays for each run can use the Actor: only if events are all that a run costs its user."""
    return (
        pricing is not None
        and pricing.model is PricingModel.PAY_PER_EVENT
        and not pricing.is_usage_paid_by_user
        and actor.permission_level is PermissionLevel.LIMITED
        and not (actor.extra.get("actorStandby") or {}).get("isEnabled")
    )


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which Actors of the Store the query selects. None selects all."""

    words: tuple[str, ...]
    category: str | None
    username: str | None
    pricing_model: str | None
    allows_agents: bool | None
    includes_unrunnable: bool

    @classmethod
    def of(cls, params: Params) -> _Selection:
        return cls(
            words=tuple((params.text("search") or "").lower().split()),
            category=params.text("category"),
            username=params.text("username"),
            pricing_model=params.choice("pricingModel", PricingModel),
            allows_agents=params.flag("allowsAgenticUsers"),
            includes_unrunnable=params.flag("includeUnrunnableActors") or False,
        )

    def matches(self, actor: Actor, shown: JsonDict) -> bool:
        return (
            self.category in (None, *shown["categories"])
            and self.username in (None, shown["username"])
            and self.allows_agents in (None, shown["isWhiteListedForAgenticPayments"])
            and self._matches_model(shown["currentPricingInfo"]["pricingModel"])
            and (self.includes_unrunnable or actor.permission_level is PermissionLevel.LIMITED)
        )

    def field_rank(self, shown: JsonDict, readme: Callable[[], str]) -> int | None:
        """How many fields, in their order, are needed to find every word; None if a word is in none of them.

        The readme is read only if the other fields do not contain every word.
        """
        missing = self.words
        for rank, name in enumerate(SEARCHED_FIELDS):
            if not missing:
                return rank
            missing = _missing(missing, shown[name] or "")
        return None if missing and _missing(missing, readme()) else len(SEARCHED_FIELDS) + bool(missing)

    def _matches_model(self, model: str) -> bool:
        if self.pricing_model is not None:
            return model == self.pricing_model
        return self.includes_unrunnable or model in RUNNABLE_MODELS


def _missing(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The words that the text does not contain."""
    lower = text.lower()
    return tuple(word for word in words if word not in lower)
