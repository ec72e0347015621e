"""/v2/actors: Actors, their versions, and the builds and runs started from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request import parsing
from api.request.access import caller_of, limited_caller_of
from api.request.bodies import read_object
from api.request.dependencies import orchestrator_of
from api.request.input_body import read_input
from api.request.params import Params
from api.request.pricing_infos import pricings
from api.response import serializers
from api.response.envelopes import data_response, json_response, no_content, page_response
from api.response.presenters import builds_page, runs_page, webhook_created, webhooks_page
from api.routes.run_endpoints import items_of_run, output_of_run, run_started
from runtime.access import permissions
from runtime.actors.versions import find_env_var
from runtime.base.clock import Millis
from runtime.base.errors import Invalid
from runtime.base.records import Actor, BuildOptions, Pricing, RunDefaults, TaggedBuild, Version
from runtime.inputs import inputs

router = APIRouter(prefix="/v2/actors")

SORT_COLUMNS = {"createdAt": "created_at", "stats.lastRunStartedAt": "last_run_started_at"}
HOW_IT_IS_MADE: dict[str, Any] = {"versions": [], "taggedBuilds": {}}
"""What a limited run sees of an Actor's sources, variables and builds; others than its owner see its builds."""


@router.get("")
async def list_actors(request: Request) -> Response:
    params, user, actors = Params(request), caller_of(request).user, orchestrator_of(request).actors
    sort_by = params.text("sortBy") or "createdAt"
    if sort_by not in SORT_COLUMNS:
        raise Invalid("invalid-parameter", f"Query parameter 'sortBy' must be one of {', '.join(SORT_COLUMNS)}")
    paging = params.paging()
    page = actors.page(user, paging, sort_by=SORT_COLUMNS[sort_by], only_own=params.flag("my") or False)
    users = orchestrator_of(request).users
    return page_response(
        [serializers.actor_in_list(each, users.get(each.user_id)) for each in page.items], page.total, paging
    )


@router.post("")
async def create_actor(request: Request) -> Response:
    orchestrator, caller = orchestrator_of(request), caller_of(request)
    body = await read_object(request)
    fields = parsing.actor_fields(body, RunDefaults(), {})
    name = fields.pop("name", None)
    fields |= _pricings(body, (), orchestrator.clock.now())
    versions = parsing.versions(body, caller, orchestrator.clock.now())
    actor = await orchestrator.actors.create(caller.user, name, versions, **fields)
    location = f"{orchestrator.addresses.public_base}/v2/actors/{actor.id}"
    return data_response(_shown(request, actor), 201, {"Location": location})


@router.get("/{actor}")
async def get_actor(request: Request, actor: str) -> Response:
    """Clients read it before they start it; how it is made is none of a limited run's business, nor of others."""
    caller = limited_caller_of(request)
    record = orchestrator_of(request).actors.find(caller.user, actor)
    shown = _shown(request, record)
    if permissions.is_limited(caller.run):
        return data_response({**shown, **HOW_IT_IS_MADE})
    return data_response(shown if record.user_id == caller.user.id else {**shown, "versions": []})


@router.put("/{actor}")
async def update_actor(request: Request, actor: str) -> Response:
    """A patch: what the body leaves out stays. Versions in it are replaced by number."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    record = _own(request, actor)
    tags = _tags(request, record, parsing.field(body, "taggedBuilds", dict) or {})

    def fields(now: Actor) -> dict[str, Any]:
        tagged = {tag: build for tag, build in {**now.tagged_builds, **tags}.items() if build is not None}
        pricings = _pricings(body, now.pricings, orchestrator.clock.now())
        return {**parsing.actor_fields(body, now.defaults, now.extra), **pricings, "tagged_builds": tagged}

    fields(record)  # refuses what is wrong before any version is written
    known = orchestrator.versions.of_actor(record)
    for version in parsing.versions(body, caller_of(request), orchestrator.clock.now(), known):
        await orchestrator.versions.put(record, version)
    return data_response(_shown(request, await orchestrator.actors.update(record, fields)))


@router.delete("/{actor}")
async def delete_actor(request: Request, actor: str) -> Response:
    await orchestrator_of(request).actor_deletion.delete(_own(request, actor))
    return no_content()


@router.get("/{actor}/versions")
async def list_versions(request: Request, actor: str) -> Response:
    versions = orchestrator_of(request).versions.of_actor(_own(request, actor))
    return data_response({"total": len(versions), "items": [serializers.version(each) for each in versions]})


@router.post("/{actor}/versions")
async def create_version(request: Request, actor: str) -> Response:
    orchestrator, record = orchestrator_of(request), _own(request, actor)
    sent = parsing.version(await read_object(request), caller_of(request), orchestrator.clock.now())
    version = await orchestrator.versions.create(record, sent)
    location = f"{orchestrator.addresses.public_base}/v2/actors/{record.id}/versions/{version.number}"
    return data_response(serializers.version(version), 201, {"Location": location})


@router.get("/{actor}/versions/{number}")
async def get_version(request: Request, actor: str, number: str) -> Response:
    return data_response(serializers.version(orchestrator_of(request).versions.get(_own(request, actor), number)))


@router.api_route("/{actor}/versions/{number}", methods=["PUT", "POST"])
async def update_version(request: Request, actor: str, number: str) -> Response:
    """A patch: what the body leaves out stays."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    record = _own(request, actor)
    known = orchestrator.versions.get(record, number)
    sent = parsing.patched_version(body, _as_sent(known))
    merged = parsing.version(sent, caller_of(request), orchestrator.clock.now(), number, known)
    return data_response(serializers.version(await orchestrator.versions.put(record, merged)))


@router.delete("/{actor}/versions/{number}")
async def delete_version(request: Request, actor: str, number: str) -> Response:
    await orchestrator_of(request).versions.delete(_own(request, actor), number)
    return no_content()


@router.get("/{actor}/versions/{number}/env-vars")
async def list_env_vars(request: Request, actor: str, number: str) -> Response:
    env_vars = orchestrator_of(request).versions.get(_own(request, actor), number).env_vars
    return data_response({"total": len(env_vars), "items": [serializers.env_var(each) for each in env_vars]})


@router.post("/{actor}/versions/{number}/env-vars")
async def create_env_var(request: Request, actor: str, number: str) -> Response:
    orchestrator, record = orchestrator_of(request), _own(request, actor)
    version, env_var = orchestrator.versions.get(record, number), parsing.new_env_var(await read_object(request))
    await orchestrator.versions.create_env_var(version, env_var)
    path = f"actors/{record.id}/versions/{number}/env-vars/{quote(env_var.name, safe='')}"
    location = f"{orchestrator.addresses.public_base}/v2/{path}"
    return data_response(serializers.env_var(env_var), 201, {"Location": location})


@router.get("/{actor}/versions/{number}/env-vars/{name}")
async def get_env_var(request: Request, actor: str, number: str, name: str) -> Response:
    version = orchestrator_of(request).versions.get(_own(request, actor), number)
    return data_response(serializers.env_var(find_env_var(version, name)))


@router.api_route("/{actor}/versions/{number}/env-vars/{name}", methods=["PUT", "POST"])
async def update_env_var(request: Request, actor: str, number: str, name: str) -> Response:
    """A patch: what the body leaves out stays."""
    versions = orchestrator_of(request).versions
    version, body = versions.get(_own(request, actor), number), await read_object(request)
    return data_response(
        serializers.env_var(await versions.update_env_var(version, name, partial(parsing.env_var, body)))
    )


@router.delete("/{actor}/versions/{number}/env-vars/{name}")
async def delete_env_var(request: Request, actor: str, number: str, name: str) -> Response:
    versions = orchestrator_of(request).versions
    await versions.delete_env_var(versions.get(_own(request, actor), number), name)
    return no_content()


@router.get("/{actor}/builds")
async def list_builds(request: Request, actor: str) -> Response:
    return builds_page(request, _own(request, actor))


@router.post("/{actor}/builds")
async def start_build(request: Request, actor: str) -> Response:
    orchestrator, caller, params = orchestrator_of(request), caller_of(request), Params(request)
    record = _own(request, actor)
    number = params.text("version")
    if number is None:
        raise Invalid("parameter-required", "Query parameter 'version' is required, such as version=0.0")
    version = orchestrator.versions.get(record, number)
    options = _build_options(params, version)
    build = await orchestrator.builds.start(caller.user, record, version, options, parsing.meta(request, caller))
    build = await orchestrator.builds.wait(build.id, params.wait_secs())
    location = f"{orchestrator.addresses.public_base}/v2/actors/{record.id}/builds/{build.id}"
    return data_response(serializers.build(build, orchestrator.clock.now()), 201, {"Location": location})


@router.post("/{actor}/validate-input")
async def validate_input(request: Request, actor: str) -> Response:
    """Whether a run of a build would take the input; without an input schema, any."""
    build = orchestrator_of(request).builds.resolve(_found(request, actor), Params(request).text("build") or "latest")
    if build.input_schema is not None:
        await inputs.checked(build.input_schema, await read_input(request))
    return json_response({"valid": True})


@router.get("/{actor}/runs")
async def list_runs(request: Request, actor: str) -> Response:
    return runs_page(request, _found(request, actor))


@router.post("/{actor}/runs")
async def start_run(request: Request, actor: str) -> Response:
    return await run_started(request, _startable(request, actor))


@router.get("/{actor}/webhooks")
async def list_webhooks(request: Request, actor: str) -> Response:
    return webhooks_page(request, _found(request, actor))


@router.post("/{actor}/webhooks")
async def create_webhook(request: Request, actor: str) -> Response:
    """Clients create webhooks where they list them; this one is on the Actor whatever its body says."""
    return await webhook_created(request, _found(request, actor))


@router.api_route("/{actor}/run-sync", methods=["GET", "POST"])
async def run_sync(request: Request, actor: str) -> Response:
    return await output_of_run(request, _startable(request, actor))


@router.api_route("/{actor}/run-sync-get-dataset-items", methods=["GET", "POST"])
async def run_sync_get_dataset_items(request: Request, actor: str) -> Response:
    return await items_of_run(request, _startable(request, actor))


def _startable(request: Request, reference: str) -> Actor:
    """An Actor to run, also for a limited run: whether that may start it is seen as it does."""
    return orchestrator_of(request).actors.find(limited_caller_of(request).user, reference)


def _found(request: Request, reference: str) -> Actor:
    """An Actor that the caller may run: what is theirs of it is shown, be it their own or not."""
    return orchestrator_of(request).actors.find(caller_of(request).user, reference)


def _own(request: Request, reference: str) -> Actor:
    """An Actor that is the caller's to change and to build."""
    return orchestrator_of(request).actors.find_own(caller_of(request).user, reference)


def _shown(request: Request, actor: Actor) -> dict[str, Any]:
    orchestrator = orchestrator_of(request)
    return serializers.actor(actor, orchestrator.users.get(actor.user_id), orchestrator.versions.of_actor(actor))


def _as_sent(version: Version) -> dict[str, Any]:
    """A stored version as a client would send it: what a patch leaves out comes from here."""
    return serializers.version(version)


def _build_options(params: Params, version: Version) -> BuildOptions:
    use_cache = params.flag("useCache")
    return BuildOptions(
        tag=params.text("tag") or version.build_tag,
        use_cache=True if use_cache is None else use_cache,
        beta_packages=params.flag("betaPackages") or False,
    )


def _pricings(body: dict[str, Any], known: Sequence[Pricing], now: Millis) -> dict[str, Any]:
    sent = parsing.field(body, "pricingInfos", list[dict[str, Any]])
    return {} if sent is None else {"pricings": pricings(sent, known, now)}


def _tags(request: Request, actor: Actor, patch: dict[str, Any]) -> dict[str, TaggedBuild | None]:
    """What a patch makes of tags: null removes one, a build id moves it. Raises NotFound, Invalid."""
    tags: dict[str, TaggedBuild | None] = {}
    for tag in patch:
        target = parsing.field(patch, tag, dict)
        if target is None:
            tags[tag] = None
            continue
        build = orchestrator_of(request).builds.get(str(target.get("buildId")))
        if build.actor_id != actor.id or build.finished_at is None or build.image is None:
            raise Invalid("invalid-build", f"Build '{build.id}' is no finished build of this Actor")
        tags[tag] = TaggedBuild(build_id=build.id, build_number=build.number, finished_at=build.finished_at)
    return tags
