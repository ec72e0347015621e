"""/v2/actor-builds"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.callers import FullCaller, OptionalCaller
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery, Params
from api.request.path_records import OwnBuild
from api.response.build_openapi import openapi_document
from api.response.envelopes import data_response, json_response, no_content
from api.response.pages import builds_page
from api.response.presenters import present_build

router = Router(prefix="/v2/actor-builds")


@router.get("")
async def list_builds(request: Request, caller: FullCaller, paging: PagingQuery) -> Response:
    return builds_page(orchestrator_of(request), caller.user, None, paging)


@router.get("/{build}")
async def get_build(request: Request, caller: OptionalCaller, build: str) -> Response:
    """Anyone who knows the id may read the build."""
    orchestrator = orchestrator_of(request)
    record = await orchestrator.builds.wait(build, Params(request).wait_secs())
    has_image = await orchestrator.builds.has_image(record) if record.status.is_terminal else None
    return data_response(present_build(orchestrator, record, caller, has_image=has_image))


@router.get("/{build}/openapi.json")
async def get_openapi(request: Request, build: str) -> Response:
    """Anyone who knows the id may read the document."""
    orchestrator = orchestrator_of(request)
    record = orchestrator.builds.get(build)
    actor = orchestrator.actors.get(record.actor_id)
    owner = orchestrator.users.get(actor.user_id)
    return json_response(openapi_document(record, actor, owner, orchestrator.addresses.public_base))


@router.delete("/{build}")
async def delete_build(request: Request, build: OwnBuild) -> Response:
    await orchestrator_of(request).builds.delete(build)
    return no_content()


@router.post("/{build}/abort")
async def abort_build(request: Request, caller: FullCaller, build: OwnBuild) -> Response:
    orchestrator = orchestrator_of(request)
    aborted = await orchestrator.live_builds.abort(build)
    return data_response(present_build(orchestrator, aborted, caller))
