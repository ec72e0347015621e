"""/v2/actor-builds"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.access import caller_of, maybe_caller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response import build_openapi
from api.response.envelopes import data_response, json_response, no_content
from api.response.presenters import builds_page, present_build
from runtime.base.errors import record_not_found
from runtime.base.records import Build

router = APIRouter(prefix="/v2/actor-builds")


@router.get("")
async def list_builds(request: Request) -> Response:
    return builds_page(request, None)


@router.get("/{build}")
async def get_build(request: Request, build: str) -> Response:
    """Knowing the id is enough."""
    builds = orchestrator_of(request).builds
    record = await builds.wait(build, Params(request).wait_secs())
    has_image = await builds.has_image(record) if record.status.is_terminal else None
    return data_response(present_build(orchestrator_of(request), record, maybe_caller(request), has_image=has_image))


@router.get("/{build}/openapi.json")
async def get_openapi(request: Request, build: str) -> Response:
    """Knowing the id is enough."""
    orchestrator = orchestrator_of(request)
    record = orchestrator.builds.get(build)
    actor = orchestrator.actors.get(record.actor_id)
    owner = orchestrator.users.get(actor.user_id)
    return json_response(build_openapi.document(record, actor, owner, orchestrator.addresses.public_base))


@router.delete("/{build}")
async def delete_build(request: Request, build: str) -> Response:
    await orchestrator_of(request).builds.delete(_own(request, build))
    return no_content()


@router.post("/{build}/abort")
async def abort_build(request: Request, build: str) -> Response:
    return _shown(request, await orchestrator_of(request).builds.abort(_own(request, build)))


def _own(request: Request, id: str) -> Build:
    user, build = caller_of(request).user, orchestrator_of(request).builds.get(id)
    if build.user_id != user.id:
        raise record_not_found("Build", id)
    return build


def _shown(request: Request, build: Build) -> Response:
    return data_response(present_build(orchestrator_of(request), build, caller_of(request)))
