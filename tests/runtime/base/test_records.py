"""Records that an older Greenroom stored must remain readable, because JSON documents have no migrations."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from runtime.base import records

REQUIRED = {
    records.User: "id username created_at",
    records.Actor: "id user_id name created_at modified_at",
    records.Version: "id actor_id number created_at",
    records.Build: "id user_id actor_id version_number number number_int status started_at meta options",
    records.Run: (
        "id user_id actor_id build_id build_number status started_at meta options permission_level "
        "default_key_value_store_id default_dataset_id default_request_queue_id "
        "token web_key events_key container_url web_server_port"
    ),
    records.TaggedBuild: "build_id build_number finished_at",
    records.EnvVar: "name value",
    records.SourceFile: "name",
    records.Meta: "origin",
    records.BuildOptions: "tag",
    records.RunOptions: "build timeout_secs memory_mbytes disk_mbytes requested_mbytes",
    records.RunDefaults: "",
    records.RunStats: "",
}
"""The fields that had no default when data was first stored. A new field needs a default, or a migration."""


@pytest.mark.parametrize("kind", REQUIRED, ids=lambda kind: kind.__name__)
def test_records_require_no_fields_that_old_data_lacks(kind: type) -> None:
    required = {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}
    assert required <= set(REQUIRED[kind].split())


def test_ids_are_unique_and_have_the_platforms_form() -> None:
    ids = {records.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(id) == 17 and id.isalnum() and id.isascii() for id in ids)
