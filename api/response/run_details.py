"""What happened in a run, as the local controls return it."""

from __future__ import annotations

from api.response.run_detail_models import (
    ApiCall,
    ApiCalls,
    ApiOperation,
    EnvironmentVariable,
    Orderer,
    RunEnvironment,
    Timeline,
    TimelineEntry,
)
from runtime.base.records import TimelineEntry as EntryRecord
from runtime.base.records import TimelineKind
from runtime.history.api_calls import ApiCall as CallRecord
from runtime.history.api_calls import CallHistory
from runtime.history.environments import Environment
from runtime.history.sentences import sentence_of

COUNTED = (TimelineKind.OOM_KILL, TimelineKind.SYSTEM_EVENT)


def present_timeline(entries: list[EntryRecord]) -> Timeline:
    return Timeline(
        entries=tuple(present_entry(entry) for entry in entries),
        omitted=entries[-1].position + 1 - len(entries) if entries else 0,
        is_complete=bool(entries) and entries[0].kind is TimelineKind.CREATED,
    )


def present_entry(entry: EntryRecord) -> TimelineEntry:
    return TimelineEntry(
        position=entry.position,
        at=entry.at,
        kind=entry.kind.value,
        name=entry.name,
        sentence=sentence_of(entry),
        ordered_by=None if entry.by is None else Orderer(kind=entry.by.value, run_id=entry.run_id),
        exit_code=entry.number if entry.kind is TimelineKind.CONTAINER_ENDED else None,
        count=entry.number if entry.kind in COUNTED else None,
        detail=entry.text,
    )


def present_calls(history: CallHistory, text: str, offset: int, limit: int) -> bytes:
    """The calls as JSON. It takes some milliseconds for thousands of calls."""
    wanted = text.casefold()
    matching = [call for call in reversed(history.calls) if wanted in _searched(call)]
    operations = sorted(history.operations.items(), key=lambda item: -item[1].calls)
    calls = ApiCalls(
        total=sum(use.calls for use in history.operations.values()),
        stored=len(history.calls),
        matching=len(matching),
        items=tuple(_call(call) for call in matching[offset : offset + limit]),
        operations=tuple(
            ApiOperation(
                operation=operation,
                calls=use.calls,
                errors=use.errors,
                millis=use.micros / 1000,
                request_bytes=use.request_bytes,
                response_bytes=use.response_bytes,
            )
            for operation, use in operations
        ),
    )
    return calls.model_dump_json(by_alias=True).encode()


def present_environment(environment: Environment | None) -> RunEnvironment:
    if environment is None:
        return RunEnvironment(variables=None, has_image=False)
    return RunEnvironment(
        variables=tuple(
            EnvironmentVariable(
                name=each.name, value=each.value, is_secret=each.value is None, origin=each.origin.value
            )
            for each in sorted(environment.variables, key=lambda variable: variable.name)
        ),
        has_image=environment.has_image,
    )


def _searched(call: CallRecord) -> str:
    return f"{call.method} {call.path}?{call.query} {call.status}".casefold()


def _call(call: CallRecord) -> ApiCall:
    return ApiCall(
        at=call.at,
        method=call.method,
        path=call.path,
        query=call.query,
        operation=call.operation,
        status=call.status,
        millis=call.micros / 1000,
        request_bytes=call.request_bytes,
        response_bytes=call.response_bytes,
    )
