"""/v2/actors: Actors, their versions, and the builds and runs started from them."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.bodies import read_object
from api.request.callers import FullCaller, LiveCaller
from api.request.dependencies import orchestrator_of
from api.request.input_body import read_input
from api.request.params import PagingQuery, Params
from api.request.parsing.actors import parse_actor_fields
from api.request.parsing.builds import parse_build_options
from api.request.parsing.fields import field
from api.request.parsing.origins import parse_meta
from api.request.parsing.runs import RunFilterQuery
from api.request.parsing.versions import (
    merge_version,
    parse_changed_env_var,
    parse_new_env_var,
    parse_version,
    parse_versions,
)
from api.request.path_records import OwnActor, VisibleActor
from api.response import serializers
from api.response.envelopes import created_response, data_response, json_response, no_content
from api.response.pages import builds_page, find_page, runs_page, webhooks_page
from api.response.presenters import present_actor, present_job
from api.routes.creating_webhooks import create_webhook_from_body
from api.routes.starting_runs import RunStart
from runtime.actors.versions import find_env_var
from runtime.base.errors import Invalid
from runtime.base.records import Actor, TaggedBuild, WebhookCondition
from runtime.inputs.inputs import complete
from runtime.orchestrator import Orchestrator

router = Router(prefix="/v2/actors")

SORT_COLUMNS = {"createdAt": "created_at", "stats.lastRunStartedAt": "last_run_started_at"}


@router.get("")
async def list_actors(request: Request, caller: FullCaller, paging: PagingQuery) -> Response:
    orchestrator, params = orchestrator_of(request), Params(request)
    sort_by = params.choice("sortBy", SORT_COLUMNS) or "createdAt"
    only_own, users, now = params.flag("my") or False, orchestrator.users, orchestrator.clock.now()
    find = partial(orchestrator.actors.page, caller.user, sort_by=SORT_COLUMNS[sort_by], only_own=only_own)
    return find_page(paging, find, lambda actor: serializers.actor_in_list(actor, users.get(actor.user_id), now))


@router.post("")
async def create_actor(request: Request, caller: FullCaller) -> Response:
    orchestrator, body = orchestrator_of(request), await read_object(request)
    now = orchestrator.clock.now()
    fields = parse_actor_fields(body, now)
    name = fields.pop("name", None)
    versions = parse_versions(body, caller, now)
    actor = await orchestrator.actors.create(caller.user, name, versions, **fields)
    location = f"{orchestrator.addresses.public_base}/v2/actors/{actor.id}"
    return created_response(present_actor(orchestrator, actor, caller), location)


@router.get("/{actor}")
async def get_actor(request: Request, caller: LiveCaller, actor: VisibleActor) -> Response:
    """Limited runs may read an Actor too: clients do so before they start it."""
    return data_response(present_actor(orchestrator_of(request), actor, caller))


@router.put("/{actor}")
async def update_actor(request: Request, caller: FullCaller, actor: OwnActor) -> Response:
    """Change the fields and tags in the body, and replace the versions in it. All other fields stay unchanged."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    tags = _tag_changes(orchestrator, actor, field(body, "taggedBuilds", dict) or {})

    def change(current: Actor) -> dict[str, Any]:
        tagged = {tag: build for tag, build in {**current.tagged_builds, **tags}.items() if build is not None}
        return {**parse_actor_fields(body, orchestrator.clock.now(), current), "tagged_builds": tagged}

    change(actor)  # raises before any version is written
    known = orchestrator.versions.of_actor(actor)
    for version in parse_versions(body, caller, orchestrator.clock.now(), known):
        await orchestrator.versions.put(actor, version)
    changed = await orchestrator.actors.update(actor, change)
    return data_response(present_actor(orchestrator, changed, caller))


@router.delete("/{actor}")
async def delete_actor(request: Request, actor: OwnActor) -> Response:
    await orchestrator_of(request).actor_deletion.delete(actor)
    return no_content()


@router.get("/{actor}/versions")
async def list_versions(request: Request, actor: OwnActor) -> Response:
    versions = orchestrator_of(request).versions.of_actor(actor)
    return data_response({"total": len(versions), "items": [serializers.version(each) for each in versions]})


@router.post("/{actor}/versions")
async def create_version(request: Request, caller: FullCaller, actor: OwnActor) -> Response:
    orchestrator, body = orchestrator_of(request), await read_object(request)
    sent = parse_version(body, caller, orchestrator.clock.now())
    version = await orchestrator.versions.create(actor, sent)
    location = f"{orchestrator.addresses.public_base}/v2/actors/{actor.id}/versions/{version.number}"
    return created_response(serializers.version(version), location)


@router.get("/{actor}/versions/{number}")
async def get_version(request: Request, actor: OwnActor, number: str) -> Response:
    return data_response(serializers.version(orchestrator_of(request).versions.get(actor, number)))


@router.api_route("/{actor}/versions/{number}", methods=["PUT", "POST"])
async def update_version(request: Request, caller: FullCaller, actor: OwnActor, number: str) -> Response:
    """Change the fields in the body. All other fields stay unchanged."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    known = orchestrator.versions.get(actor, number)
    merged = merge_version(body, serializers.version(known))
    version = parse_version(merged, caller, orchestrator.clock.now(), number, known)
    return data_response(serializers.version(await orchestrator.versions.put(actor, version)))


@router.delete("/{actor}/versions/{number}")
async def delete_version(request: Request, actor: OwnActor, number: str) -> Response:
    await orchestrator_of(request).versions.delete(actor, number)
    return no_content()


@router.get("/{actor}/versions/{number}/env-vars")
async def list_env_vars(request: Request, actor: OwnActor, number: str) -> Response:
    env_vars = orchestrator_of(request).versions.get(actor, number).env_vars
    return data_response({"total": len(env_vars), "items": [serializers.env_var(each) for each in env_vars]})


@router.post("/{actor}/versions/{number}/env-vars")
async def create_env_var(request: Request, actor: OwnActor, number: str) -> Response:
    orchestrator = orchestrator_of(request)
    version, env_var = orchestrator.versions.get(actor, number), parse_new_env_var(await read_object(request))
    await orchestrator.versions.create_env_var(version, env_var)
    path = f"actors/{actor.id}/versions/{number}/env-vars/{quote(env_var.name, safe='')}"
    return created_response(serializers.env_var(env_var), f"{orchestrator.addresses.public_base}/v2/{path}")


@router.get("/{actor}/versions/{number}/env-vars/{name}")
async def get_env_var(request: Request, actor: OwnActor, number: str, name: str) -> Response:
    version = orchestrator_of(request).versions.get(actor, number)
    return data_response(serializers.env_var(find_env_var(version, name)))


@router.api_route("/{actor}/versions/{number}/env-vars/{name}", methods=["PUT", "POST"])
async def update_env_var(request: Request, actor: OwnActor, number: str, name: str) -> Response:
    """Change the fields in the body. All other fields stay unchanged."""
    versions = orchestrator_of(request).versions
    version, body = versions.get(actor, number), await read_object(request)
    changed = await versions.update_env_var(version, name, partial(parse_changed_env_var, body))
    return data_response(serializers.env_var(changed))


@router.delete("/{actor}/versions/{number}/env-vars/{name}")
async def delete_env_var(request: Request, actor: OwnActor, number: str, name: str) -> Response:
    versions = orchestrator_of(request).versions
    await versions.delete_env_var(versions.get(actor, number), name)
    return no_content()


@router.get("/{actor}/builds")
async def list_builds(request: Request, caller: FullCaller, actor: VisibleActor, paging: PagingQuery) -> Response:
    return builds_page(orchestrator_of(request), caller.user, actor, paging)


@router.post("/{actor}/builds")
async def start_build(request: Request, caller: FullCaller, actor: OwnActor) -> Response:
    orchestrator, params = orchestrator_of(request), Params(request)
    number = params.text("version")
    if number is None:
        raise Invalid("parameter-required", "Query parameter 'version' is required, such as version=0.0")
    version = orchestrator.versions.get(actor, number)
    options, meta = parse_build_options(params, version), parse_meta(request, caller)
    build = await orchestrator.live_builds.start(caller.user, actor, version, options, meta)
    build = await orchestrator.builds.wait(build.id, params.wait_secs())
    location = f"{orchestrator.addresses.public_base}/v2/actors/{actor.id}/builds/{build.id}"
    return created_response(present_job(orchestrator, build), location)


@router.post("/{actor}/validate-input")
async def validate_input(request: Request, caller: FullCaller, actor: VisibleActor) -> Response:
    """Whether a run would accept the input. A build without an input schema accepts every input."""
    build = orchestrator_of(request).builds.resolve(actor, Params(request).text("build") or "latest")
    if build.input_schema is not None:
        await complete(build.input_schema, await read_input(request))
    return json_response({"valid": True})


@router.get("/{actor}/runs")
async def list_runs(
    request: Request, caller: FullCaller, actor: VisibleActor, run_filter: RunFilterQuery, paging: PagingQuery
) -> Response:
    return runs_page(orchestrator_of(request), caller.user, actor, run_filter, paging)


@router.post("/{actor}/runs")
async def start_run(actor: VisibleActor, start: RunStart) -> Response:
    return await start.respond_with_run(actor)


@router.api_route("/{actor}/run-sync", methods=["GET", "POST"])
async def run_sync(actor: VisibleActor, start: RunStart) -> Response:
    return await start.respond_with_output(actor)


@router.api_route("/{actor}/run-sync-get-dataset-items", methods=["GET", "POST"])
async def run_sync_get_dataset_items(actor: VisibleActor, start: RunStart) -> Response:
    return await start.respond_with_items(actor)


@router.get("/{actor}/webhooks")
async def list_webhooks(request: Request, caller: FullCaller, actor: VisibleActor, paging: PagingQuery) -> Response:
    return webhooks_page(orchestrator_of(request), caller.user, actor, paging)


@router.post("/{actor}/webhooks")
async def create_webhook(request: Request, caller: FullCaller, actor: VisibleActor) -> Response:
    """Clients create webhooks on the path that lists them. The webhook is on this Actor, whatever its body contains."""
    return await create_webhook_from_body(request, caller, WebhookCondition(actor_id=actor.id))


def _tag_changes(orchestrator: Orchestrator, actor: Actor, patch: dict[str, Any]) -> dict[str, TaggedBuild | None]:
    """The tags that a patch sets to a build, or removes (null). Raises NotFound, Invalid."""
    tags: dict[str, TaggedBuild | None] = {}
    for tag in patch:
        target = field(patch, tag, dict)
        if target is None:
            tags[tag] = None
            continue
        build = orchestrator.builds.get(str(target.get("buildId")))
        if build.actor_id != actor.id or build.finished_at is None or build.image is None:
            raise Invalid("invalid-build", f"Build '{build.id}' is not a finished build of this Actor")
        tags[tag] = TaggedBuild(build_id=build.id, build_number=build.number, finished_at=build.finished_at)
    return tags
