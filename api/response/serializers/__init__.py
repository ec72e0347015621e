"""Records as the platform's JSON: one dict literal for each record.

Fields: the platform's API reference. The models of apify-client 3 show which of them clients require.
"""

from api.response.serializers.actors import (
    actor,
    actor_for_agents,
    actor_in_list,
    actor_in_store,
    env_var,
    version,
    version_without_source,
)
from api.response.serializers.builds import build, build_definition, build_in_list
from api.response.serializers.limits import account_limits, monthly_usage
from api.response.serializers.runs import run, run_in_list, run_summary, run_usage
from api.response.serializers.schedules import schedule, schedule_in_list, schedule_log_entry
from api.response.serializers.storages import (
    dataset,
    key_page,
    key_value_store,
    locked_queue_head,
    processed_request,
    queue_head,
    queued_request,
    request_queue,
)
from api.response.serializers.tasks import task, task_in_list
from api.response.serializers.users import NO_PROXY, limited_user, private_user, proxy_access, public_user
from api.response.serializers.webhooks import webhook, webhook_dispatch, webhook_draft

__all__ = [
    "NO_PROXY",
    "account_limits",
    "actor",
    "actor_for_agents",
    "actor_in_list",
    "actor_in_store",
    "build",
    "build_definition",
    "build_in_list",
    "dataset",
    "env_var",
    "key_page",
    "key_value_store",
    "limited_user",
    "locked_queue_head",
    "monthly_usage",
    "private_user",
    "processed_request",
    "proxy_access",
    "public_user",
    "queue_head",
    "queued_request",
    "request_queue",
    "run",
    "run_in_list",
    "run_summary",
    "run_usage",
    "schedule",
    "schedule_in_list",
    "schedule_log_entry",
    "task",
    "task_in_list",
    "version",
    "version_without_source",
    "webhook",
    "webhook_dispatch",
    "webhook_draft",
]
