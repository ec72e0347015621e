"""/v2/logs: the logs of runs and builds, whole or followed until the job ends."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.lazy_routes import Router
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.path_records import find_visible_job

router = Router(prefix="/v2/logs")


@router.get("/{job}")
async def get_log(request: Request, job: str) -> Response:
    """The log as plain text. With `stream`, the response continues until the job has ended.

    Anyone who may read the job may read its log.
    """
    logs, params = orchestrator_of(request).logs, Params(request)
    find_visible_job(request, job)
    raw = params.flag("raw") or False
    lines = logs.follow(job, raw=raw) if params.flag("stream") else logs.read(job, raw=raw)
    headers = {"X-Content-Type-Options": "nosniff"}
    if params.flag("download"):
        headers["Content-Disposition"] = f'attachment; filename="{job}.log"'
    return StreamingResponse(lines, media_type="text/plain; charset=utf-8", headers=headers)
