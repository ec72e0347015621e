"""/greenroom: local folders as the source of runs, without a new build for each change."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import ControlTokenOnly
from api.request.dependencies import orchestrator_of
from api.request.path_records import OwnActor, OwnBuild
from api.request.security_schemes import control_token
from api.request.typed_bodies import body_of, documented_body
from api.response.envelopes import LocalResponse
from api.response.local_controls import (
    DebuggerInfo,
    DevFolder,
    DevFolderOrder,
    ErrorEnvelope,
    SourceChanges,
    SourceNeed,
)
from runtime.actors.dev_folders import set_dev_folder as put_dev_folder

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
    dependencies=[ControlTokenOnly, Depends(control_token)],
)


@router.get("/greenroom/actors/{actor}/dev-folder")
async def get_dev_folder(actor: OwnActor) -> DevFolder:
    """Show the local folder whose files the runs of the Actor mount."""
    return DevFolder(folder=actor.dev_folder)


@router.put("/greenroom/actors/{actor}/dev-folder", openapi_extra=documented_body(DevFolderOrder))
async def set_dev_folder(
    request: Request, actor: OwnActor, order: Annotated[DevFolderOrder, Depends(body_of(DevFolderOrder))]
) -> DevFolder:
    """Let the runs of the Actor mount the files of a local folder over those of their images."""
    changed = await put_dev_folder(orchestrator_of(request).actors, actor, order.folder)
    return DevFolder(folder=changed.dev_folder)


@router.delete("/greenroom/actors/{actor}/dev-folder")
async def delete_dev_folder(request: Request, actor: OwnActor) -> DevFolder:
    """Let the next runs of the Actor use the files of their images only."""
    changed = await put_dev_folder(orchestrator_of(request).actors, actor, None)
    return DevFolder(folder=changed.dev_folder)


@router.post("/greenroom/builds/{build}/source-changes", openapi_extra=documented_body(SourceChanges))
async def judge_source_changes(
    request: Request, build: OwnBuild, changes: Annotated[SourceChanges, Depends(body_of(SourceChanges))]
) -> SourceNeed:
    """Show what changes of the build's local source need."""
    return SourceNeed(need=await orchestrator_of(request).development.need(build, changes.paths))


@router.get("/greenroom/builds/{build}/debugger")
async def get_debugger(request: Request, build: OwnBuild) -> DebuggerInfo:
    """Show which kind of debugger can attach to runs of the build."""
    language, folder = await orchestrator_of(request).development.debugger(build)
    return DebuggerInfo(language=language, working_folder=folder)
