"""The types of the doctor's results. `greenroom doctor --json` prints the same checks."""

from __future__ import annotations

from pydantic import Field

from api.response.local_controls import LocalModel
from api.response.serializers.jobs import iso_or_none
from runtime.doctor import Area, Verdict, is_ok
from runtime.doctor.examination import Examination, ExaminationState


class DoctorCheck(LocalModel):
    """The result of one check."""

    area: Area
    name: str
    verdict: Verdict = Field(description="SKIP: not checked, for the reason in `found`.")
    found: str
    fix: str | None = Field(description="What to do about it. Null if there is nothing to do.")


class DoctorReport(LocalModel):
    """The results of the last checks."""

    state: ExaminationState = Field(description="NONE: nothing was checked since the start of the server.")
    started_at: str | None
    finished_at: str | None
    ok: bool | None = Field(description="Whether no check failed. Null until all are made.")
    checks: tuple[DoctorCheck, ...]


def present_examination(examination: Examination) -> DoctorReport:
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
