"""/greenroom/doctor: whether this machine can run Actors under the platform's limits."""

from __future__ import annotations

from fastapi import Depends
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.security_schemes import user_token
from api.response.doctor_models import DoctorReport, present_examination
from api.response.envelopes import LocalResponse
from api.response.local_controls import ErrorEnvelope
from runtime.doctor.examination import Examination

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
    dependencies=[Depends(user_token)],
)


@router.post("/greenroom/doctor", status_code=202)
async def start_doctor(request: Request, caller: FullCaller) -> DoctorReport:
    """Begin to check this machine and its engine. Small programs in containers try the limits out.

    While checks are being made, this starts no others. `GET` and the live events `doctor` return their results.
    """
    examination: Examination = request.app.state.doctor
    examination.start()
    return present_examination(examination)


@router.get("/greenroom/doctor")
async def get_doctor(request: Request, caller: FullCaller) -> DoctorReport:
    """Show the results of the last checks, or of those that are being made, as far as they have come."""
    return present_examination(request.app.state.doctor)
