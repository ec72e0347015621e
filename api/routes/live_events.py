"""/greenroom/events: what happens in the server, as a stream of server-sent events."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.live_events.stream import EventStream, event_stream, parse_event_id
from api.request.callers import Caller, FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.path_records import find_own_build, find_own_run
from api.request.security_schemes import user_token
from api.request.typed_bodies import body_of, documented_body
from api.response.envelopes import LocalResponse
from api.response.live_event_models import (
    LIST_TOPICS,
    MAX_TOPICS,
    RECORD_TOPICS,
    SHOWN_TOPICS,
    TOPIC_NAMES,
    EventData,
    Topics,
)
from api.response.local_controls import ErrorEnvelope
from runtime.base.errors import Invalid, NotFound
from runtime.live_events import LiveConnection

LAST_ID = "last-event-id"
PARAMETERS = [
    {
        "name": "topics",
        "in": "query",
        "description": f"Some of {SHOWN_TOPICS}, separated by commas.",
        "schema": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_TOPICS},
        "explode": False,
    },
    {
        "name": "lastEventId",
        "in": "query",
        "description": "The same as the header Last-Event-ID, for a client that cannot send it.",
        "schema": {"type": "string"},
    },
    {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that a lost stream sent. The stream continues after it, with the"
        " topics that its connection had.",
        "schema": {"type": "string"},
    },
]

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
)


@router.get(
    "/greenroom/events",
    status_code=200,
    response_model=EventData,
    response_class=EventStream,
    dependencies=[Depends(user_token)],
    openapi_extra={"parameters": PARAMETERS},
)
async def stream_events(request: Request, caller: FullCaller) -> Response:
    """Follow what happens, as server-sent events: `hello`, then the events of the topics.

    A lost stream can be continued for a minute without a gap. If that is not possible, or if the client reads too
    slowly, `reset` reports that events are missing. A slow client gets only the newest of several events about the same
    record. Each user gets the events of their own records.

    - `runs`: `run` for each new or changed run, as in the list of runs. Numbers of a live run change at most once a
      second. `changed` for a deleted run.
    - `builds`: `build` for each new or changed build, `changed` for a deleted one.
    - `records`: `changed` for all other records, at most once a second for each record that is modified.
    - `run:ID`: `sample` for each point of the run's curves, `log` when its log has grown, `timeline` for each new
      entry of its time line.
    - `build:ID`: `log` when its log has grown.
    - `fit:ID`: `fit` after each change of the fit, and once a second until it has ended.
    - `standby`: `standby` with all Actors and tasks with Standby, once a second while something changes.
    - `server`: `server` when the granted memory, the number of live runs or the state of the engine changes.
    - `proxy`: `proxied` with new requests of the user through the proxy, at most once a second.
    - `doctor`: `doctor` after each check of the doctor that a server makes.

    A stream ends with the session or the run whose credentials opened it.
    """
    events, params = orchestrator_of(request).live_events, Params(request)
    may_continue = partial(request.app.state.may_continue, request.scope)
    topics = params.texts("topics")
    _check_names(topics)
    last_id = request.headers.get(LAST_ID) or params.text("lastEventId")
    connection = _lost_connection(request, caller, last_id) if last_id else None
    if connection is not None:
        return EventStream(event_stream(events, connection, may_continue, has_gap=False))
    found = [topic for topic in topics if _exists(request, caller, topic)] if last_id else topics
    for topic in found:
        _check_record(request, caller, topic)
    connection = await events.connect(caller.user.id, found)
    return EventStream(event_stream(events, connection, may_continue, has_gap=last_id is not None))


@router.put(
    "/greenroom/events/{connection}/topics",
    dependencies=[Depends(user_token)],
    openapi_extra=documented_body(Topics),
)
async def change_topics(
    request: Request, caller: FullCaller, connection: str, order: Annotated[Topics, Depends(body_of(Topics))]
) -> Topics:
    """Replace the topics of a stream. When this returns, no later event of the new topics is missed."""
    _check_names(order.topics)
    for topic in order.topics:
        _check_record(request, caller, topic)
    await orchestrator_of(request).live_events.change_topics(caller.user.id, connection, order.topics)
    return order


def _lost_connection(request: Request, caller: Caller, last_id: str) -> LiveConnection | None:
    """The connection that sent this id, if this server still knows what happened since."""
    events, id = orchestrator_of(request).live_events, parse_event_id(last_id)
    if id is None or id.epoch != events.epoch:
        return None
    return events.resume(caller.user.id, id.connection, id.position)


def _check_names(topics: Sequence[str]) -> None:
    """Raises Invalid."""
    if len(topics) > MAX_TOPICS:
        raise Invalid("invalid-parameter", f"A stream can have at most {MAX_TOPICS} topics, not {len(topics)}.")
    for topic in topics:
        kind, colon, id = topic.partition(":")
        if not (topic in LIST_TOPICS or (kind in RECORD_TOPICS and colon and id)):
            known = ", ".join(TOPIC_NAMES)
            raise Invalid("invalid-parameter", f"'{topic}' is not a topic. The topics: {known}.")


def _check_record(request: Request, caller: Caller, topic: str) -> None:
    """Raises NotFound if a topic names a run or build that the caller's user does not have."""
    kind, _, id = topic.partition(":")
    if kind == "run":
        find_own_run(request, id, caller)
    elif kind == "build":
        find_own_build(request, id, caller)


def _exists(request: Request, caller: Caller, topic: str) -> bool:
    """A stream can be continued although a record of its topics has been deleted: browsers give up after an error."""
    try:
        _check_record(request, caller, topic)
    except NotFound:
        return False
    return True
