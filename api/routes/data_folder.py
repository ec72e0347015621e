"""/greenroom/data-folder: how much space the data of this server takes."""

from __future__ import annotations

from fastapi import Depends
from pydantic import Field
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.security_schemes import user_token
from api.response.local_controls import ErrorEnvelope, LocalModel
from runtime.base.clock import iso

WAIT_SECS = 2.0


class DataFolder(LocalModel):
    """The data directory of the server, which has the data of all users."""

    size_bytes: int | None = Field(
        description="The space that its files take on the disk. Null until it has been measured for the first time: the"
        " live event `server` then reports it."
    )
    measured_at: str | None = Field(description="An ISO 8601 timestamp. A size is measured again after a minute.")


router = Router(responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}})


@router.get("/greenroom/data-folder", dependencies=[Depends(user_token)])
async def get_data_folder(request: Request, caller: FullCaller) -> DataFolder:
    """Show the size of the data directory. A large one is measured in the background, without images of builds."""
    measured = await orchestrator_of(request).data_folder.measure(WAIT_SECS)
    if measured is None:
        return DataFolder(size_bytes=None, measured_at=None)
    return DataFolder(size_bytes=measured.size_bytes, measured_at=iso(measured.measured_at))
