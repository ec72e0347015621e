from __future__ import annotations

from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import KeyRange
from runtime.storages import key_schema

SCHEMA = {
    "actorKeyValueStoreSchemaVersion": 1,
    "title": "Results",
    "collections": {
        "images": {"title": "Images", "keyPrefix": "image-", "contentTypes": ["image/jpeg", "image/PNG"]},
        "thumbnails": {"title": "Thumbnails", "keyPrefix": "image-small-"},
        "summary": {
            "title": "Summary",
            "key": "image-SUMMARY",
            "contentTypes": ["application/json"],
            "jsonSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        },
    },
}


def test_a_key_belongs_to_the_most_specific_collection() -> None:
    names = {}
    for key in ("image-1", "image-small-1", "image-SUMMARY", "image-SUMMARY2", "other"):
        found = key_schema.collection_of_key(SCHEMA, key)
        names[key] = None if found is None else found.name
    assert names == {
        "image-1": "images",
        "image-small-1": "thumbnails",
        "image-SUMMARY": "summary",
        "image-SUMMARY2": "images",
        "other": None,
    }
    assert key_schema.collection_of_key(None, "image-1") is key_schema.collection_of_key({}, "image-1") is None


def test_the_keys_of_a_collection() -> None:
    assert key_schema.collection(SCHEMA, "images").keys == KeyRange.with_prefix("image-")
    assert key_schema.collection(SCHEMA, "summary").keys == KeyRange.only("image-SUMMARY")
    with pytest.raises(Invalid, match="It has: images, thumbnails, summary"):
        key_schema.collection(SCHEMA, "videos")


def test_content_types_are_compared_without_parameters() -> None:
    images = key_schema.collection(SCHEMA, "images")
    for accepted in ("image/png", "IMAGE/jpeg; quality=5"):
        key_schema.check_content_type(images, "image-1", accepted)
    with pytest.raises(Invalid, match="accepts image/jpeg, image/png, not text/plain") as error:
        key_schema.check_content_type(images, "image-1", "text/plain; charset=utf-8")
    assert error.value.slug == "schema-validation-error"
    key_schema.check_content_type(key_schema.collection(SCHEMA, "thumbnails"), "image-small-1", "text/plain")


async def test_json_must_match_the_schema_of_its_collection() -> None:
    summary = key_schema.collection(SCHEMA, "summary")
    assert key_schema.needs_value(summary, "application/json; charset=utf-8")
    assert not key_schema.needs_value(summary, "text/plain")
    assert not key_schema.needs_value(key_schema.collection(SCHEMA, "images"), "application/json")
    await key_schema.check_value(summary, "image-SUMMARY", b'{"n":1}')
    for body, why in (
        (b'{"n":"x"}', "value/n must be integer"),
        (b"{}", "required property"),
        (b"{", "this is not valid JSON"),
    ):
        with pytest.raises(Invalid, match=why):
            await key_schema.check_value(summary, "image-SUMMARY", body)


@pytest.mark.parametrize(
    "collections",
    [
        5,
        {"a": 5},
        {"a": {}},
        {"a": {"key": "k", "keyPrefix": "p"}},
        {"a": {"keyPrefix": 5}},
        {"a": {"key": "k", "contentTypes": "image/png"}},
        {"a": {"key": "k", "jsonSchema": 5}},
        {"a": {"key": "k", "jsonSchema": {"type": "txt"}}},
    ],
)
def test_an_invalid_schema_is_rejected(collections: Any) -> None:
    with pytest.raises(Invalid):
        key_schema.check_collections({"collections": collections})
