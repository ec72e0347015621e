"""What the routes of the three kinds of storages share: access, and creating, listing, reading, changing, deleting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from api.request.bodies import parse_json, read_body, read_object
from api.request.callers import authenticated_caller, full_caller, live_caller, optional_caller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response.envelopes import JSON, data_response, no_content
from api.response.pages import find_page
from api.response.storage_links import StorageLinks
from runtime.access import permissions
from runtime.access.permissions import StorageAccess
from runtime.base.errors import Forbidden, Invalid, record_not_found
from runtime.base.general_access import GeneralAccess
from runtime.base.json_text import Json, JsonDict, dumps, loads
from runtime.base.paging import Page, Paging
from runtime.base.records import Run, Storage, User
from runtime.orchestrator import Orchestrator
from runtime.storages.storage_service import StorageService

S = TypeVar("S", bound=Storage)

SHARED_WITH_ME = "sharedWithMe"
OWNERSHIPS = ("ownedByMe", SHARED_WITH_ME)
CHANGEABLE = {"name": "name", "title": "title", "generalAccess": "general_access"}


@dataclass(frozen=True, slots=True)
class StorageRoutes(Generic[S]):
    """The routes of one kind of storages. `word` follows /v2/ in their paths."""

    word: str
    service: Callable[[Orchestrator], StorageService[S]]
    serialize: Callable[[S, User, StorageLinks], JsonDict]

    def __call__(self, request: Request) -> StorageCall[S]:
        return StorageCall(self, request)


class StorageCall(Generic[S]):
    """One request for storages of one kind. Its query is parsed when it is first needed."""

    __slots__ = ("_params", "_routes", "caller", "orchestrator", "request", "service")

    def __init__(self, routes: StorageRoutes[S], request: Request) -> None:
        self._routes = routes
        self._params: Params | None = None
        self.request = request
        self.orchestrator = orchestrator_of(request)
        self.service = routes.service(self.orchestrator)
        self.caller = optional_caller(request)

    @property
    def params(self) -> Params:
        if self._params is None:
            self._params = Params(self.request)
        return self._params

    def storage(self, access: StorageAccess | None = None) -> S:
        """The storage that the path names, if the caller has this access (default: the one that the method needs).

        If the access is for writing, the record's counters and times may be outdated. The owner and the owner's runs
        have access by their token. Others can read if the storage's general access allows it, or if the address is
        signed. Raises NotFound, Unauthorized without a token or after the end of the token's run, and Forbidden. The id
        of a storage cannot be guessed, so the error for a restricted storage may reveal that it exists.
        """
        caller, reference = self.caller, self.request.path_params["id"]
        needed = access or (StorageAccess.READ if self.request.method in ("GET", "HEAD") else StorageAccess.WRITE)
        user_id, to_write = None if caller is None else caller.user.id, needed is StorageAccess.WRITE
        record = self.service.locate(user_id, reference, to_write=to_write)
        if record is not None and self._has_access(record, needed):
            return record
        if self.params.text("signature") is not None:
            raise Forbidden("invalid-signature", "The signature of this address is not valid, or has expired")
        authenticated_caller(self.request)  # raises 401 without a token: with a token, the storage might be found
        if record is not None and record.id == reference and needed is StorageAccess.READ:
            raise _insufficient_permissions(self.service.label)
        raise record_not_found(self.service.label, reference)

    def links(self, record: S) -> StorageLinks:
        """Addresses of the storage's content for the caller."""
        orchestrator, may_sign = self.orchestrator, self._may_write(record)
        is_restricted = may_sign and orchestrator.general_accesses.of_storage(record) is GeneralAccess.RESTRICTED
        return StorageLinks(
            orchestrator.addresses,
            orchestrator.signer,
            orchestrator.clock.now(),
            may_sign=may_sign,
            needs_signature=is_restricted,
        )

    def presented(self, record: S) -> JsonDict:
        return self._routes.serialize(record, self.orchestrator.users.get(record.user_id), self.links(record))

    async def create(self, **fields: Json) -> Response:
        caller, name = live_caller(self.request), self.params.text("name")
        record, is_new = await self.service.get_or_create(caller.user.id, name, **fields, **_creator(caller.run))
        self._check_access(record, StorageAccess.READ)
        location = f"{self.orchestrator.addresses.public_base}/v2/{self._routes.word}/{record.id}"
        return data_response(self.presented(record), 201 if is_new else 200, {"Location": location})

    async def page(self) -> Response:
        user_id, unnamed = full_caller(self.request).user.id, self.params.flag("unnamed") or False
        is_shared = self.params.choice("ownership", OWNERSHIPS) == SHARED_WITH_ME
        # Typed clients reject an item of the list whose name is null (apify-client 3).
        return find_page(
            self.params.paging(),
            _nothing if is_shared else partial(self.service.page, user_id, unnamed=unnamed),
            lambda record: {**self.presented(record), "name": record.name or ""},
            unnamed=unnamed,
        )

    async def read(self) -> Response:
        return data_response(self.presented(self.storage()))

    async def update(self) -> Response:
        record, body = self.storage(StorageAccess.MANAGE), await read_object(self.request)
        changes = {column: body[name] for name, column in CHANGEABLE.items() if name in body}
        return data_response(self.presented(await self.service.update(record.id, changes)))

    async def delete(self) -> Response:
        await self.service.delete(self.storage(StorageAccess.MANAGE).id)
        return no_content()

    def _has_access(self, record: S, needed: StorageAccess) -> bool:
        """Whether the caller has this access. Raises if the caller is a run of the owner, but does not have it."""
        if needed is StorageAccess.READ and self._is_signed(record):
            return True
        if self.caller is not None and self.caller.user.id == record.user_id:
            self._check_access(record, needed)
            return True
        by_name = "~" in self.request.path_params["id"]
        return needed is StorageAccess.READ and permissions.is_readable_by_anyone(
            self.orchestrator.general_accesses.of_storage(record), by_name=by_name
        )

    def _is_signed(self, record: S) -> bool:
        """Whether the address has a valid signature."""
        signature = self.params.text("signature")
        if signature is None:
            return False
        signer, key = self.orchestrator.signer, self.request.path_params.get("key")
        if key is None:
            return signer.is_valid(record.id, signature, self.orchestrator.clock.now())
        return signer.is_valid_for_record(record.id, key, signature)

    def _check_access(self, record: S, needed: StorageAccess) -> None:
        """Raises Forbidden, Unauthorized if the caller is a run without this access."""
        run = None if self.caller is None else self.caller.run
        permissions.check_storage_access(run, record, needed, partial(self.orchestrator.runs.has_started, run))

    def _may_write(self, record: S) -> bool:
        if self.caller is None or self.caller.user.id != record.user_id:
            return False
        has_started = partial(self.orchestrator.runs.has_started, self.caller.run)
        return permissions.storage_access(self.caller.run, record, has_started) >= StorageAccess.WRITE


def _nothing(_: Paging) -> Page[Any]:
    """The storages that other users share with the caller: a storage cannot be shared with single users."""
    return Page([], 0)


def _insufficient_permissions(label: str) -> Forbidden:
    """The platform's message for a storage that the caller may not read."""
    return Forbidden(
        "insufficient-permissions",
        f"Insufficient permissions for the {label.lower()}. "
        "Make sure you're passing a correct API token and that it has the required permissions.",
    )


def _creator(run: Run | None) -> dict[str, str]:
    return {} if run is None else permissions.creator_fields(run.id, run.current_actor_id, run.permission_level)


async def read_schema(request: Request) -> dict[str, Any] | None:
    """The schema in the body of a request that creates a storage. Raises Invalid."""
    schema = (await read_object(request)).get("schema")
    if not isinstance(schema, dict | None):
        raise Invalid("invalid-value", "'schema' must be an object or null")
    return schema


async def read_json_exactly(request: Request) -> Any:
    """A JSON body that may contain half surrogate pairs, which some clients send. Raises Invalid."""
    return await parse_json(await read_body(request), loads)


def exact_response(value: Any, status: int = 200) -> Response:
    """The usual envelope around what clients stored, half surrogate pairs included."""
    return Response(b'{"data":' + dumps(value) + b"}", status, media_type=JSON)
