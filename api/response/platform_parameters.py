"""The query parameters and bodies of the routes below /v2, for their OpenAPI document.

The handlers read queries themselves, as Apify's clients write them, so FastAPI does not know the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runtime.base.json_text import JsonDict


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter."""

    name: str
    description: str
    type: Literal["string", "integer", "number", "boolean"] = "string"
    is_required: bool = False

    def as_json(self) -> JsonDict:
        """The parameter in an OpenAPI document."""
        return {
            "name": self.name,
            "in": "query",
            "required": self.is_required,
            "description": self.description,
            "schema": {"type": self.type},
        }


def _flag(name: str, description: str) -> Parameter:
    return Parameter(name, description, "boolean")


def _integer(name: str, description: str) -> Parameter:
    return Parameter(name, description, "integer")


LIMIT = _integer("limit", "The most items of the response.")
DESC = _flag("desc", "Reverse the order.")
PAGING = (_integer("offset", "How many items are skipped."), LIMIT, DESC)
WAIT = Parameter("waitForFinish", "Seconds to wait for the end, at most 60.", "number")
BUILD = Parameter("build", "The tag or number of the build.")
RUN_FILTER = (
    Parameter("status", "Only runs with one of these statuses, separated by commas."),
    Parameter("origin", "Only runs with this origin, such as API or SCHEDULER."),
    Parameter("startedAfter", "Only runs that started at or after this ISO 8601 time."),
    Parameter("startedBefore", "Only runs that started at or before this ISO 8601 time."),
)
START_OPTIONS = (
    BUILD,
    Parameter("timeout", "Seconds until the run times out; 0 means never.", "number"),
    Parameter("memory", "The memory in megabytes.", "number"),
    _integer("maxItems", "The most items that are charged, for Actors that charge for results."),
    Parameter("maxTotalChargeUsd", "The most that the run may cost, in US dollars.", "number"),
    _flag("restartOnError", "Restart the Actor if it fails."),
    Parameter("forcePermissionLevel", "LIMITED_PERMISSIONS or FULL_PERMISSIONS."),
    Parameter("webhooks", "Webhooks for this run only, as Base64 of a JSON array."),
    Parameter("greenroomEnvVars", "Environment variables for this run only, as Base64 of a JSON object."),
    _flag("devFolder", "Mount the local folder of the build. Only for the server's operator."),
    _integer("greenroomDebugPort", "The port at which the Actor waits for a debugger. Only for the server's operator."),
)
ITEMS = (
    Parameter("format", "json, jsonl, csv, html, xlsx, xml or rss."),
    *PAGING,
    _flag("clean", "Skip empty items and hidden fields."),
    Parameter("fields", "Only these fields, separated by commas."),
    Parameter("outputFields", "New names of the fields in `fields`, separated by commas."),
    Parameter("omit", "Leave these fields out, separated by commas."),
    Parameter("unwind", "Make one item of each element of these fields."),
    Parameter("flatten", "Turn these objects into fields with dots in their names."),
    _flag("skipEmpty", "Skip empty items."),
    _flag("skipHidden", "Skip fields whose names begin with #."),
    Parameter("view", "The view of the dataset's schema that is applied."),
    _flag("attachment", "Let browsers save the response as a file."),
    Parameter("delimiter", "The character between the columns of CSV."),
    _flag("bom", "Begin the response with a byte order mark."),
    _flag("skipHeaderRow", "Leave the header of CSV out."),
    Parameter("xmlRoot", "The name of the outermost XML element."),
    Parameter("xmlRow", "The name of the XML element of an item."),
    Parameter("feedTitle", "The title of an RSS feed."),
    Parameter("feedDescription", "The description of an RSS feed."),
    _flag("simplified", "Return the items as the platform's old crawler did."),
    _flag("skipFailedPages", "Skip items with an error of the platform's old crawler."),
)
RECORD_KEY = Parameter("outputRecordKey", "The record that is returned; by default, OUTPUT.")
ATTACHMENT = _flag("attachment", "Let browsers save the response as a file.")
SIGNATURE = Parameter("signature", "The signature of a signed URL, which replaces the token.")
KEY_RANGE = (
    Parameter("prefix", "Only keys that begin with this text."),
    Parameter("collection", "Only keys of this collection of the store's schema."),
)
CLIENT = Parameter("clientKey", "A key of the client, which distinguishes the clients of a queue.")
FOREFRONT = _flag("forefront", "Put the request at the beginning of the queue.")
LOCK_SECS = Parameter("lockSecs", "How long the requests are locked.", "number", is_required=True)
STORAGES = (
    *PAGING,
    _flag("unnamed", "Include storages without a name."),
    Parameter("ownership", "ownedByMe or sharedWithMe."),
)
NAME = Parameter("name", "The name. A storage that has it already is returned.")

READS_AND_STARTS = ("GET", "POST")
RUNNABLE = ("actors/{actor}", "actor-tasks/{task}")
PARAMETERS_OF_DEPENDENCIES = {
    "_paging": PAGING,
    "_run_filter": RUN_FILTER,
    "_run_start_call": (*START_OPTIONS, WAIT),
}
"""The parameters that a handler gets parsed, by the function that parses them."""
PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "GET /v2/users/me/usage/monthly": (Parameter("date", "A day of the month, as 2026-01-31."),),
    "GET /v2/actors": (
        _flag("my", "Only Actors of the user."),
        Parameter("sortBy", "createdAt or stats.lastRunStartedAt."),
    ),
    "POST /v2/actors/{actor}/builds": (
        Parameter("version", "The version that is built, such as 0.0.", is_required=True),
        Parameter("tag", "The tag that a successful build gets."),
        _flag("useCache", "Use the cache of the engine."),
        _flag("betaPackages", "Use beta versions of Apify's packages."),
        WAIT,
    ),
    "POST /v2/actors/{actor}/validate-input": (BUILD,),
    "GET /v2/actor-builds/{build}": (WAIT,),
    "GET /v2/actor-runs/{run}": (WAIT,),
    "POST /v2/actor-runs/{run}/abort": (_flag("gracefully", "Give the Actor 30 seconds to end."),),
    "POST /v2/actor-runs/{run}/metamorph": (
        Parameter("targetActorId", "The id or name of the other Actor.", is_required=True),
        BUILD,
    ),
    "POST /v2/actor-runs/{run}/resurrect": START_OPTIONS,
    "GET /v2/store": (
        Parameter("search", "Only Actors with these words."),
        Parameter("sortBy", "relevance, popularity, newest or lastUpdate."),
        Parameter("category", "Only Actors of this category."),
        Parameter("username", "Only Actors of this user."),
        Parameter("pricingModel", "Only Actors with this pricing model."),
        _flag("allowsAgenticUsers", "Only Actors that agents may use."),
        _flag("includeUnrunnableActors", "Include Actors without a build."),
        Parameter("responseFormat", "full or agent."),
    ),
    **{
        f"{method} /v2/browser-info": (
            _flag("skipHeaders", "Leave the headers out."),
            _flag("rawHeaders", "Add the headers as they were received."),
        )
        for method in ("GET", "POST", "PUT", "DELETE")
    },
    "GET /v2/logs/{job}": (
        _flag("stream", "Continue until the run or build has ended."),
        _flag("raw", "Preserve ANSI codes."),
        _flag("download", "Let browsers save the response as a file."),
    ),
    **{f"GET /v2/{kind}": STORAGES for kind in ("datasets", "key-value-stores", "request-queues")},
    **{f"POST /v2/{kind}": (NAME,) for kind in ("datasets", "key-value-stores", "request-queues")},
    "GET /v2/request-queues/{id}": (CLIENT,),
    "GET /v2/datasets/{id}": (SIGNATURE,),
    **{f"{method} /v2/datasets/{{id}}/items": (*ITEMS, SIGNATURE) for method in ("GET", "HEAD")},
    "GET /v2/datasets/{id}/statistics": (SIGNATURE,),
    "GET /v2/key-value-stores/{id}": (SIGNATURE,),
    "GET /v2/key-value-stores/{id}/keys": (
        LIMIT,
        Parameter("exclusiveStartKey", "Only keys after this one."),
        *KEY_RANGE,
        SIGNATURE,
    ),
    "GET /v2/key-value-stores/{id}/records": (*KEY_RANGE, SIGNATURE),
    **{f"{method} /v2/key-value-stores/{{id}}/records/{{key}}": (ATTACHMENT, SIGNATURE) for method in ("GET", "HEAD")},
    "GET /v2/request-queues/{id}/head": (LIMIT, CLIENT),
    "POST /v2/request-queues/{id}/head/lock": (LIMIT, LOCK_SECS, CLIENT),
    "GET /v2/request-queues/{id}/requests": (
        LIMIT,
        Parameter("cursor", "The position at which the page begins: `nextCursor` of the page before."),
        Parameter("exclusiveStartId", "Only requests after this one."),
        Parameter("filter", "Only requests in these states, separated by commas: pending or locked."),
        CLIENT,
    ),
    "POST /v2/request-queues/{id}/requests": (FOREFRONT, CLIENT),
    "POST /v2/request-queues/{id}/requests/batch": (FOREFRONT, CLIENT),
    "DELETE /v2/request-queues/{id}/requests/batch": (CLIENT,),
    "POST /v2/request-queues/{id}/requests/unlock": (CLIENT,),
    "PUT /v2/request-queues/{id}/requests/{request_id}": (FOREFRONT, CLIENT),
    "DELETE /v2/request-queues/{id}/requests/{request_id}": (CLIENT,),
    "PUT /v2/request-queues/{id}/requests/{request_id}/lock": (LOCK_SECS, FOREFRONT, CLIENT),
    "DELETE /v2/request-queues/{id}/requests/{request_id}/lock": (FOREFRONT, CLIENT),
    **{f"{method} /v2/{kind}/run-sync": (RECORD_KEY, ATTACHMENT) for method in READS_AND_STARTS for kind in RUNNABLE},
    **{f"{method} /v2/{kind}/run-sync-get-dataset-items": ITEMS for method in READS_AND_STARTS for kind in RUNNABLE},
}
"""The other parameters, by method and path."""

PATH_PARAMETERS = {
    "actor": "The Actor's id or `username~name`.",
    "task": "The task's id or `username~name`.",
    "schedule": "The schedule's id or `username~name`.",
    "run": "The id of the run.",
    "build": "The id of the build.",
    "job": "The id of the run or build.",
    "number": "The number of the version, such as 0.0.",
    "name": "The name of the environment variable.",
    "id": "The id of the storage or `username~name`.",
    "key": "The key of the record.",
    "request_id": "The id of the request.",
    "webhook": "The id of the webhook.",
    "dispatch": "The id of the dispatch.",
    "user_id": "The id or name of the user.",
}
INPUT = "The input. JSON, unless the header Content-Type names another type."
BODIES = {
    "POST /v2/actors/{actor}/runs": INPUT,
    "POST /v2/actors/{actor}/run-sync": INPUT,
    "POST /v2/actors/{actor}/run-sync-get-dataset-items": INPUT,
    "POST /v2/actors/{actor}/validate-input": INPUT,
    "POST /v2/actor-tasks/{task}/runs": "Fields of the input that replace those of the task.",
    "POST /v2/actor-tasks/{task}/run-sync": "Fields of the input that replace those of the task.",
    "POST /v2/actor-tasks/{task}/run-sync-get-dataset-items": "Fields of the input that replace those of the task.",
    "PUT /v2/actor-tasks/{task}/input": "The input of the task.",
    "POST /v2/actor-runs/{run}/metamorph": INPUT,
    "POST /v2/actor-runs/{run}/charge": "The event that is charged: `eventName` and `count`.",
    "POST /v2/datasets/{id}/items": "One item, or an array of items.",
    "PUT /v2/key-value-stores/{id}/records/{key}": "The value, of the type in the header Content-Type.",
    "POST /v2/key-value-stores/{id}/records/{key}": "The value, of the type in the header Content-Type.",
    "DELETE /v2/request-queues/{id}/requests/batch": "An array of objects with the `id` or `uniqueKey` of a request.",
    "POST /v2/request-queues/{id}/requests/batch": "An array of requests.",
    "POST /v2/browser-info": "Anything; only its length is returned.",
    "PUT /v2/browser-info": "Anything; only its length is returned.",
}
"""What the body of a request contains. The body of any other POST or PUT is an object with the fields of the record."""
WITHOUT_BODY = {
    "POST /v2/actors/{actor}/builds",
    "POST /v2/actor-builds/{build}/abort",
    "POST /v2/actor-runs/{run}/abort",
    "POST /v2/actor-runs/{run}/reboot",
    "POST /v2/actor-runs/{run}/resurrect",
    "POST /v2/request-queues/{id}/head/lock",
    "POST /v2/request-queues/{id}/requests/unlock",
    "PUT /v2/request-queues/{id}/requests/{request_id}/lock",
    "POST /v2/webhooks/{webhook}/test",
}
PUBLIC = {
    "GET /v2/store",
    "GET /v2/users/{user_id}",
    "GET /v2/actor-builds/{build}",
    "GET /v2/actor-builds/{build}/openapi.json",
    "GET /v2/actor-runs/{run}",
    "GET /v2/logs/{job}",
    "POST /v2/tools/decode-and-verify",
    *(f"{method} /v2/browser-info" for method in ("GET", "POST", "PUT", "DELETE")),
}
"""The routes that need no token."""
