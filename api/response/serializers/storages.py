"""The JSON of storages, the keys of key-value stores, and the requests of request queues."""

from __future__ import annotations

import msgspec

from api.response.storage_links import StorageLinks
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict, dumps
from runtime.base.records import (
    Dataset,
    KeyValueStore,
    ProcessedRequest,
    QueueClient,
    QueuedRequest,
    RequestQueue,
    Storage,
    User,
)
from runtime.storages.key_value_stores import KeyPage
from runtime.storages.request_queues import HeadItem, LockedHead


def dataset(record: Dataset, owner: User, links: StorageLinks) -> JsonDict:
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
            "s3StorageBytes": record.stored_bytes,  # the field that `apify datasets ls` reads
            "inflatedBytes": record.stored_bytes,
        },
    }


def key_value_store(record: KeyValueStore, owner: User, links: StorageLinks) -> JsonDict:
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


def key_page(page: KeyPage, store: KeyValueStore, links: StorageLinks, *, after: str | None, limit: int) -> JsonDict:
    """A page of a store's keys, which begins after the key `after`."""
    return {
        "items": [
            {"key": key.key, "size": key.size, "recordPublicUrl": links.record(store, key.key)} for key in page.keys
        ],
        "count": len(page.keys),
        "limit": limit,
        "exclusiveStartKey": after,
        "isTruncated": page.next_start_key is not None,
        "nextExclusiveStartKey": page.next_start_key,
    }


def request_queue(record: RequestQueue, owner: User, links: StorageLinks) -> JsonDict:
    return {
        **_storage(record, owner, links),
        "totalRequestCount": record.total_request_count,
        "handledRequestCount": record.handled_request_count,
        "pendingRequestCount": record.pending_request_count,
        "hadMultipleClients": record.had_multiple_clients,
        "consoleUrl": links.addresses.console_url("storage", "request-queues", record.id),
        "stats": {
            "readCount": record.read_count,
            "writeCount": record.write_count,
            "deleteCount": record.delete_count,
            "headItemReadCount": record.head_item_read_count,
            "storageBytes": record.stored_bytes,
        },
    }


def queue_head(queue: RequestQueue, items: list[HeadItem], limit: int) -> JsonDict:
    return {
        "limit": limit,
        "queueModifiedAt": iso(queue.modified_at),
        "hadMultipleClients": queue.had_multiple_clients,
        "items": items,
    }


def locked_queue_head(head: LockedHead, client: QueueClient, *, limit: int, lock_secs: float) -> JsonDict:
    """A head whose requests are locked. Crawlee reads in `queueHasLockedRequests` whether the queue is finished."""
    until = iso(head.until)
    for item in head.items:
        item.lock_expires_at, item.lock_by_client = until, client.key
    return {
        **queue_head(head.queue, head.items, limit),
        "lockSecs": int(lock_secs) if lock_secs == int(lock_secs) else lock_secs,
        "queueHasLockedRequests": head.has_locked_requests,
        **({"clientKey": client.key} if client.key is not None else {}),
    }


def queued_request(item: QueuedRequest) -> msgspec.Raw:
    """A request with the names that its client used, and its lock. It is not parsed, because it can be big."""
    if item.lock_expires_at is None:
        return msgspec.Raw(item.body)
    lock = {"lockExpiresAt": iso(item.lock_expires_at), "lockByClient": item.lock_by_client}
    return msgspec.Raw(item.body[:-1] + b"," + dumps(lock)[1:])


def processed_request(outcome: ProcessedRequest) -> JsonDict:
    return {
        "requestId": outcome.request_id,
        "wasAlreadyPresent": outcome.was_present,
        "wasAlreadyHandled": outcome.was_handled,
    }


def _storage(record: Storage, owner: User, links: StorageLinks) -> JsonDict:
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
