"""What the local controls return about what happened in a run: time line, API calls, environment."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.response.local_controls import LocalModel

EntryKind = Literal[
    "created",
    "status",
    "order",
    "limit",
    "container-started",
    "container-ended",
    "restarted",
    "oom-kill",
    "web-server-ready",
    "system-event",
]


class Orderer(LocalModel):
    """Who ordered something."""

    kind: Literal["user", "run", "itself", "server", "engine"] = Field(
        description="The token of the user, of another run or of the run itself, the server as it stopped, or the"
        " Docker engine as it stopped."
    )
    run_id: str | None = Field(description="The run whose token sent the order.")


class TimelineEntry(LocalModel):
    """Something that happened to a run."""

    position: int = Field(description="Counts the entries of the run from 0. Entries never change.")
    at: int = Field(description="Milliseconds since 1970.")
    kind: EntryKind
    name: str | None = Field(
        description="The new status; the order (`abort`, `graceful-abort`, `reboot`, `migration`, `metamorph`,"
        " `resurrection`); the reason of a restart; the system event; or the origin of a created run."
    )
    sentence: str
    ordered_by: Orderer | None = Field(description="Null if nobody ordered it.")
    exit_code: int | None = Field(description="The exit code of a container that ended.")
    count: int | None = Field(
        description="How many processes were killed, or how many sockets of the Actor got a system event. Null if it is"
        " not known."
    )
    detail: str | None = Field(
        description="The id of a container, the previous status, the Actor of a metamorph, the schedule that started"
        " the run, or the reason of a limit."
    )


class Timeline(LocalModel):
    entries: tuple[TimelineEntry, ...] = Field(description="The entries, oldest first.")
    omitted: int = Field(description="Entries in the middle of a very long time line that are not stored any more.")
    is_complete: bool = Field(description="False for a run from a version of Greenroom that stored no time line.")


class ApiCall(LocalModel):
    """A request that a run sent to the API with its token."""

    at: int = Field(description="When it arrived, in milliseconds since 1970.")
    method: str
    path: str = Field(description="The path as it was sent. Secrets are redacted, and a very long path is cut.")
    query: str = Field(description="The query without the token.")
    operation: str = Field(description="The method and the path of the route, or `other` if there was none.")
    status: int | None = Field(description="Null if the client disconnected before the response.")
    millis: float = Field(description="The time until the response was sent.")
    request_bytes: int = Field(description="The size of the body, without headers.")
    response_bytes: int


class ApiOperation(LocalModel):
    """What all calls of one operation took."""

    operation: str
    calls: int
    errors: int = Field(description="Calls without a response, or with a status from 400.")
    millis: float = Field(description="The sum.")
    request_bytes: int
    response_bytes: int


class ApiCalls(LocalModel):
    """The API calls of a run. All are counted; only the last ones are stored in full."""

    total: int = Field(description="How many calls the run has made.")
    stored: int = Field(description="How many of them are stored in full.")
    matching: int = Field(description="How many stored calls match `q`.")
    items: tuple[ApiCall, ...] = Field(description="Stored calls that match, newest first.")
    operations: tuple[ApiOperation, ...] = Field(description="All operations, the most frequent first.")


class EnvironmentVariable(LocalModel):
    name: str
    value: str | None = Field(description="Null for a secret.")
    is_secret: bool
    origin: Literal["platform", "version", "run", "image", "development"] = Field(
        description="The platform, the Actor's version, the request that started the run, the image of the build, or"
        " Greenroom's debugger."
    )


class RunEnvironment(LocalModel):
    """The environment of a run's last container."""

    variables: tuple[EnvironmentVariable, ...] | None = Field(
        description="By name. Null before the first container, and for a run of an earlier version of Greenroom."
    )
    has_image: bool = Field(description="Whether the variables of the image are included. The image may be gone.")


class RunWebServer(LocalModel):
    """The web server in a run's container."""

    url: str
    port: int = Field(description="The port at which the Actor has to listen, in its variable ACTOR_WEB_SERVER_PORT.")
    is_live: bool
    is_ready: bool = Field(description="Whether the web server has answered. False after the end of the run.")
    listening: tuple[str, ...] = Field(
        description="The addresses at which the Actor listened when it did not listen at the port."
    )


class DispatchPage(LocalModel):
    items: list[dict[str, Any]] = Field(description="Dispatches as GET /v2/webhook-dispatches returns them.")
    total: int
    offset: int
    limit: int
    count: int
    desc: bool


class WebhookDispatches(LocalModel):
    data: DispatchPage
