"""How storages and what they hold look as Apify's JSON."""

from __future__ import annotations

from typing import Any

from api.response.links import Links
from runtime.base.clock import iso
from runtime.base.records import Dataset, KeyValueStore, QueueClient, RequestQueue, Storage, User
from runtime.storages.request_queues import HeadItem

Wire = dict[str, Any]


def dataset(record: Dataset, owner: User, links: Links) -> Wire:
    return {
        **_storage(record, owner, links),
        "itemCount": record.item_count,
        "cleanItemCount": record.clean_item_count,
        "schema": record.schema,
        "consoleUrl": links.addresses.console_url("storage", "datasets", record.id),
        "itemsPublicUrl": links.items(record),
        "stats": {
            "readCount": record.read_count,
            "writeCount": record.write_count,
            "storageBytes": record.stored_bytes,
            "s3StorageBytes": record.stored_bytes,  # what `apify datasets ls` reads
            "inflatedBytes": record.stored_bytes,
        },
    }


def key_value_store(record: KeyValueStore, owner: User, links: Links) -> Wire:
    return {
        **_storage(record, owner, links),
        "consoleUrl": links.addresses.console_url("storage", "key-value-stores", record.id),
        "schema": record.schema,
        "keysPublicUrl": links.keys(record),
        "recordsPublicUrl": links.records(record),
        "stats": {
            "readCount": record.read_count,
            "writeCount": record.write_count,
            "deleteCount": record.delete_count,
            "listCount": record.list_count,
            "storageBytes": record.stored_bytes,
            "s3StorageBytes": record.stored_bytes,
        },
    }


def request_queue(record: RequestQueue, owner: User, links: Links) -> Wire:
    return {
        **_storage(record, owner, links),
        "totalRequestCount": record.total_request_count,
        "handledRequestCount": record.handled_request_count,
        "pendingRequestCount": record.pending_request_count,
        "hadMultipleClients": record.had_multiple_clients,
        "consoleUrl": links.addresses.console_url("storage", "request-queues", record.id),
        "stats": {"readCount": record.read_count, "writeCount": record.write_count},
    }


def queue_head(queue: RequestQueue, items: list[HeadItem], limit: int) -> Wire:
    return {
        "limit": limit,
        "queueModifiedAt": iso(queue.modified_at),
        "hadMultipleClients": queue.had_multiple_clients,
        "items": items,
    }


def locked_queue_head(
    queue: RequestQueue,
    items: list[HeadItem],
    limit: int,
    *,
    lock_secs: float,
    client: QueueClient,
    has_locked_requests: bool,
) -> Wire:
    """Without `queueHasLockedRequests` Crawlee falls back to a slow way of telling that a queue is finished."""
    return {
        **queue_head(queue, items, limit),
        "lockSecs": int(lock_secs) if lock_secs == int(lock_secs) else lock_secs,
        "queueHasLockedRequests": has_locked_requests,
        **({"clientKey": client.key} if client.key is not None else {}),
    }


def _storage(record: Storage, owner: User, links: Links) -> Wire:
    key = links.signing_key(record)
    return {
        "id": record.id,
        "name": record.name,
        "title": record.title,
        "userId": record.user_id,
        "username": owner.username,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "accessedAt": iso(record.accessed_at),
        "actId": None,
        "actRunId": record.run_id,
        "generalAccess": record.general_access,
        **({} if key is None else {"urlSigningSecretKey": key}),
    }
