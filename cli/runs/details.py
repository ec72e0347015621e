"""The lines about a run that `greenroom inspect` adds to its summary."""

from __future__ import annotations

from runtime.base.json_text import JsonDict


def details(run: JsonDict, actor_name: str) -> dict[str, str]:
    """Return the texts by their labels."""
    options, stats = run["options"], run["stats"]
    timeout = options["timeoutSecs"]
    rows = {
        "Actor": actor_name,
        "Started": f"{run['startedAt']}, by {run['meta']['origin']}",
        "Finished": run.get("finishedAt"),
        "Timeout": f"{timeout} s" if timeout else "none",
        "Restarts": _restarts(stats),
        "Permissions": run["permissionLevel"].lower().replace("_permissions", ""),
        "Dataset id": run["defaultDatasetId"],
        "Store id": run["defaultKeyValueStoreId"],
        "Queue id": run["defaultRequestQueueId"],
        "Web server": run["containerUrl"] if run.get("isContainerServerReady") else None,
    }
    return {label: text for label, text in rows.items() if text}


def _restarts(stats: JsonDict) -> str:
    counts = {
        "migrations": stats["migrationCount"],
        "reboots": stats["rebootCount"],
        "restarts after errors": stats["restartCount"],
        "resurrections": stats["resurrectCount"],
        "metamorphs": stats["metamorph"],
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
