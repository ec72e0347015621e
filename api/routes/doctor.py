"""/greenroom/doctor: whether this machine can run Actors under the platform's limits."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request

from api.request.callers import FullCaller
from api.request.security_schemes import user_token
from api.response.doctor_models import DoctorCheck, DoctorReport
from api.response.envelopes import LocalResponse
from api.response.local_controls import ErrorEnvelope
from api.response.serializers.jobs import iso_or_none
from runtime.doctor import is_ok
from runtime.doctor.examination import Examination, ExaminationState

router = APIRouter(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
    dependencies=[Depends(user_token)],
)


@router.post("/greenroom/doctor", status_code=202)
async def start_doctor(request: Request, caller: FullCaller) -> DoctorReport:
    """Begin to check this machine and its engine. Small programs in containers try the limits out.

    While checks are being made, this starts no others. `GET` returns their results.
    """
    examination: Examination = request.app.state.doctor
    examination.start()
    return _report(examination)


@router.get("/greenroom/doctor")
async def get_doctor(request: Request, caller: FullCaller) -> DoctorReport:
    """Show the results of the last checks, or of those that are being made, as far as they have come."""
    return _report(request.app.state.doctor)


def _report(examination: Examination) -> DoctorReport:
    is_finished = examination.state is ExaminationState.FINISHED
    return DoctorReport(
        state=examination.state,
        started_at=iso_or_none(examination.started_at),
        finished_at=iso_or_none(examination.finished_at),
        ok=is_ok(examination.checks) if is_finished else None,
        checks=tuple(
            DoctorCheck(area=each.area, name=each.name, verdict=each.verdict, found=each.found, fix=each.fix or None)
            for each in examination.checks
        ),
    )
