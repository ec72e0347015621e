"""What the routes of the three kinds of storage have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from api.request.access import Caller, caller_of, late_caller_of, limited_caller_of, maybe_caller
from api.request.bodies import read_body, read_object
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response.envelopes import JSON, data_response, no_content, page_response
from api.response.links import Links
from runtime.access import permissions
from runtime.access.permissions import StorageAccess
from runtime.base.errors import Forbidden, Invalid, record_not_found
from runtime.base.json_text import Json, dumps, loads
from runtime.base.records import Run, Storage, User
from runtime.orchestrator import Orchestrator
from runtime.storages.storage_service import StorageService

S = TypeVar("S", bound=Storage)

CHANGEABLE = {"name": "name", "title": "title", "generalAccess": "general_access"}


@dataclass(frozen=True, slots=True)
class StorageRoutes(Generic[S]):
    """Creating, listing, reading, changing and deleting storages of one kind; `word` is the one after /v2/."""

    word: str
    kind: Callable[[Orchestrator], StorageService[S]]
    wire: Callable[[S, User, Links], dict[str, Any]]

    def found(self, request: Request, access: StorageAccess | None = None) -> S:
        """The storage the address names, if the caller has this access to it; else the one that the method needs.

        For writing, its counters and times may be old.

        Its owner and the owner's runs have it by their token, others where it is open to readers or the address is
        signed. Raises NotFound, Forbidden, and Unauthorized without a token or where its run has ended.
        """
        caller, reference = maybe_caller(request), request.path_params["id"]
        needed = access or (StorageAccess.READ if request.method in ("GET", "HEAD") else StorageAccess.WRITE)
        user_id, to_write = None if caller is None else caller.user.id, needed is StorageAccess.WRITE
        record = self._kind(request).locate(user_id, reference, to_write=to_write)
        if record is not None and self._may(request, caller, record, needed):
            return record
        if Params(request).text("signature") is not None:
            raise Forbidden("invalid-signature", "The signature of this address is not valid, or has expired")
        late_caller_of(request)  # raises without a token: with one there might be something
        raise record_not_found(self._kind(request).label, reference)

    async def create(self, request: Request, **fields: Json) -> Response:
        caller, name = limited_caller_of(request), Params(request).text("name")
        record, is_new = await self._kind(request).get_or_create(caller.user.id, name, **fields, **_creator(caller.run))
        self._check(request, caller, record, StorageAccess.READ)
        location = f"{orchestrator_of(request).addresses.public_base}/v2/{self.word}/{record.id}"
        return data_response(self._shown(request, record), 201 if is_new else 200, {"Location": location})

    async def page(self, request: Request) -> Response:
        caller, params = caller_of(request), Params(request)
        paging = params.paging()
        page = self._kind(request).page(caller.user.id, paging, unnamed=params.flag("unnamed") or False)
        # Typed clients refuse a list item whose name is null (apify-client 3).
        items = [{**self._shown(request, record), "name": record.name or ""} for record in page.items]
        return page_response(items, page.total, paging)

    async def read(self, request: Request) -> Response:
        return data_response(self._shown(request, self.found(request)))

    async def update(self, request: Request) -> Response:
        record, body = self.found(request, StorageAccess.MANAGE), await read_object(request)
        changes = {column: body[name] for name, column in CHANGEABLE.items() if name in body}
        return data_response(self._shown(request, await self._kind(request).update(record.id, changes)))

    async def delete(self, request: Request) -> Response:
        await self._kind(request).delete(self.found(request, StorageAccess.MANAGE).id)
        return no_content()

    def _kind(self, request: Request) -> StorageService[S]:
        return self.kind(orchestrator_of(request))

    def _shown(self, request: Request, record: S) -> dict[str, Any]:
        return self.wire(record, orchestrator_of(request).users.get(record.user_id), self.links(request, record))

    def links(self, request: Request, record: S) -> Links:
        """Addresses of what the storage holds, for the caller."""
        orchestrator, caller = orchestrator_of(request), maybe_caller(request)
        may_sign = self._may_write(request, caller, record)
        return Links(orchestrator.addresses, orchestrator.signer, orchestrator.clock.now(), may_sign)

    def _may(self, request: Request, caller: Caller | None, record: S, needed: StorageAccess) -> bool:
        """Whether the caller has this access. Raises where the token of its owner's run says that it has not."""
        if needed is StorageAccess.READ and self._is_signed(request, record):
            return True
        if caller is not None and caller.user.id == record.user_id:
            self._check(request, caller, record, needed)
            return True
        by_name = "~" in request.path_params["id"]
        return needed is StorageAccess.READ and permissions.is_readable_by_anyone(
            record.general_access, by_name=by_name
        )

    def _is_signed(self, request: Request, record: S) -> bool:
        """Whether the address has a signature that is valid for it."""
        signature = Params(request).text("signature")
        if signature is None:
            return False
        signer, key = orchestrator_of(request).signer, request.path_params.get("key")
        if key is None:
            return signer.is_valid(record.id, signature, orchestrator_of(request).clock.now())
        return signer.is_valid_for_record(record.id, key, signature)

    def _check(self, request: Request, caller: Caller, record: S, access: StorageAccess) -> None:
        has_started = partial(orchestrator_of(request).runs.has_started, caller.run)
        permissions.check_storage_access(caller.run, record, access, has_started)

    def _may_write(self, request: Request, caller: Caller | None, record: S) -> bool:
        if caller is None or caller.user.id != record.user_id:
            return False
        has_started = partial(orchestrator_of(request).runs.has_started, caller.run)
        return permissions.storage_access(caller.run, record, has_started) >= StorageAccess.WRITE


def _creator(run: Run | None) -> dict[str, str]:
    return {} if run is None else permissions.creator_fields(run.id, run.actor_id, run.permission_level)


async def read_schema(request: Request) -> dict[str, Any] | None:
    """The schema that a new storage is sent with. Raises Invalid."""
    schema = (await read_object(request)).get("schema")
    if not isinstance(schema, dict | None):
        raise Invalid("invalid-value", "'schema' must be an object or null")
    return schema


async def read_json_exactly(request: Request) -> Any:
    """A JSON body as clients may really send it, cut surrogate pairs included. Raises Invalid."""
    try:
        return loads(await read_body(request))
    except ValueError as problem:
        raise Invalid("invalid-request", f"The body is not valid JSON: {problem}") from problem


def exact_response(value: Any, status: int = 200) -> Response:
    """The usual envelope around what clients stored."""
    return Response(b'{"data":' + dumps(value) + b"}", status, media_type=JSON)
