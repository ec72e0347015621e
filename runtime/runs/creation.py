"""Recording a new run: its webhooks, storages and INPUT first, its record last.

A run exists as soon as its record does. If the server crashes before that, its next start drops what was stored.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from runtime.access import permissions
from runtime.access.users import new_proxy_password, new_run_token
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Definition, Run, RunStats, WebhookEvent, new_event, new_id
from runtime.billing import prices
from runtime.builds.web_server_port import web_server_port
from runtime.jobs.logs import Logs
from runtime.runs.environment import INPUT_KEY
from runtime.runs.output_schema import output
from runtime.runs.run_inputs import RunInputs
from runtime.runs.runs import Runs
from runtime.runs.start_plan import StartPlan
from runtime.storages.run_storages import DefaultStorages, Storages
from runtime.webhooks.webhooks import Webhooks

KEY_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
WEB_KEY_LENGTH = 25
"""Letters and digits in the name of a web server: 129 bits in a host name, which is not case-sensitive."""


class RunCreator:
    """Writes planned runs into the database."""

    def __init__(
        self,
        *,
        runs: Runs,
        run_inputs: RunInputs,
        storages: Storages,
        webhooks: Webhooks,
        logs: Logs,
        addresses: Addresses,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._run_inputs = run_inputs
        self._storages = storages
        self._webhooks = webhooks
        self._logs = logs
        self._addresses = addresses
        self._clock = clock

    async def create(self, plan: StartPlan) -> Run:
        """Store everything a planned run consists of, and return it as READY."""
        id, user = plan.request.run_id or new_id(), plan.request.user
        await self._webhooks.attach(user, id, plan.request.options.webhooks)
        storages = await self._create_storages(id, plan)
        run = await self._runs.insert(self._new_run(id, plan, storages))
        if plan.remark is not None:
            self._logs.open(run.id).system(plan.remark)
            self._logs.close(run.id)
        return run

    async def _create_storages(self, id: str, plan: StartPlan) -> DefaultStorages:
        """Create the run's default storages and store INPUT."""
        creator = permissions.creator_fields(id, plan.request.actor.id, plan.permission_level)
        storages = await self._storages.create_defaults(plan.request.user.id, id, Definition.of(plan.build), **creator)
        stored = plan.input.stored
        if stored is not None:
            await self._storages.key_value_stores.set_record(
                storages.key_value_store_id, INPUT_KEY, stored.body, stored.content_type
            )
        return storages

    def _new_run(self, id: str, plan: StartPlan, storages: DefaultStorages) -> Run:
        request, build, web_key = plan.request, plan.build, _new_web_key()
        run = Run(
            id=id,
            user_id=request.user.id,
            actor_id=request.actor.id,
            task_id=request.task.id if request.task else None,
            build_id=build.id,
            build_number=build.number,
            status=JobStatus.READY,
            started_at=self._clock.now(),
            meta=request.meta,
            options=plan.options,
            default_key_value_store_id=storages.key_value_store_id,
            default_dataset_id=storages.dataset_id,
            default_request_queue_id=storages.request_queue_id,
            datasets=storages.datasets,
            permission_level=plan.permission_level,
            token=new_run_token(),
            web_key=web_key,
            events_key=secrets.token_urlsafe(24),
            container_url=self._addresses.container_url(web_key),
            api_port=self._addresses.port,
            proxy_password=new_proxy_password(),
            web_server_port=web_server_port((*build.env_vars, *request.options.env_vars), build.image_environment),
            stats=RunStats(input_body_len=len(plan.input.stored.body) if plan.input.stored else 0),
            pending_events=new_event(WebhookEvent.RUN_CREATED),
            pricing=plan.pricing,
            charged_event_counts=prices.at_start(plan.pricing, plan.options.memory_mbytes),
            started_by_run_id=request.started_by.id if request.started_by else None,
            grants=self._run_inputs.grants(request.user.id, plan.input, request.started_by),
            env_vars=request.options.env_vars,
            dev_folder=plan.dev_folder,
            debug_port=request.options.debug_port,
            standby_label=request.standby.label if request.standby else None,
        )
        return replace(run, output=output(run, Definition.of(build), self._addresses))


def _new_web_key() -> str:
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(WEB_KEY_LENGTH))
