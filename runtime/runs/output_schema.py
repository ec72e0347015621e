"""Where to find a run's results: the templates of its Actor's output schema, filled in.

Source: "Actor output schema" in the platform's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtime.base.addresses import Addresses
from runtime.base.clock import iso
from runtime.base.records import Definition, Run

VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def output(run: Run, definition: Definition, addresses: Addresses) -> dict[str, str] | None:
    """The output URLs of a run by name; None if its definition has no output schema.

    An unknown variable is left in the text, so that its author sees it.
    """
    templates = definition.output_templates
    if templates is None:
        return None
    values = _variables(run, addresses)
    return {name: _filled(template, values) for name, template in templates.items()}


def _variables(run: Run, addresses: Addresses) -> dict[str, str]:
    api = f"{addresses.public_base}/v2"
    datasets = {"default": run.default_dataset_id, **run.datasets}
    return {
        "links.publicRunUrl": addresses.console_url("view", "runs", run.id),
        "links.consoleRunUrl": addresses.console_url("actors", "runs", run.id),
        "links.apiRunUrl": f"{api}/actor-runs/{run.id}",
        "links.apiDefaultDatasetUrl": f"{api}/datasets/{run.default_dataset_id}",
        "links.apiDefaultKeyValueStoreUrl": f"{api}/key-value-stores/{run.default_key_value_store_id}",
        **{f"storages.datasets.{alias}.apiUrl": f"{api}/datasets/{id}" for alias, id in datasets.items()},
        "storages.keyValueStores.default.apiUrl": f"{api}/key-value-stores/{run.default_key_value_store_id}",
        "run.id": run.id,
        "run.actId": run.actor_id,
        "run.userId": run.user_id,
        "run.buildId": run.build_id,
        "run.buildNumber": run.build_number,
        "run.startedAt": iso(run.started_at),
        "run.containerUrl": run.container_url,
        "run.defaultDatasetId": run.default_dataset_id,
        "run.defaultKeyValueStoreId": run.default_key_value_store_id,
        "run.defaultRequestQueueId": run.default_request_queue_id,
    }


def _filled(template: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), template)
