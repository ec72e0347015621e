"""/greenroom/webhook-dispatches: what a webhook sends, and sending it again."""

from __future__ import annotations

from fastapi import Depends
from pydantic import Field
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.security_schemes import user_token
from api.response.local_controls import ErrorEnvelope, LocalModel
from runtime.base.clock import iso
from runtime.base.records import WebhookDispatch

HIDDEN_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


class WebhookRequest(LocalModel):
    """The request of a webhook dispatch, as it is sent at each call."""

    url: str
    headers: dict[str, str | None] = Field(
        description="The headers that the webhook defines. Credentials are null, and so never on a screen."
    )
    payload: str
    status: str = Field(description="`ACTIVE`, `SUCCEEDED` or `FAILED`.")
    next_call_at: str | None = Field(description="An ISO 8601 timestamp. Null if no further call is planned.")


router = Router(
    prefix="/greenroom/webhook-dispatches/{dispatch}",
    dependencies=[Depends(user_token)],
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
)


@router.get("")
async def get_webhook_request(request: Request, caller: FullCaller, dispatch: str) -> WebhookRequest:
    """Show what a webhook dispatch sends, and when it is sent next."""
    return _present(orchestrator_of(request).dispatches.get(caller.user, dispatch))


@router.post("/send-again")
async def send_webhook_request_again(request: Request, caller: FullCaller, dispatch: str) -> WebhookRequest:
    """Send a webhook dispatch once more now, whether it has succeeded, failed, or waits for its next call."""
    dispatches = orchestrator_of(request).dispatches
    return _present(await dispatches.send_again(dispatches.get(caller.user, dispatch)))


def _present(dispatch: WebhookDispatch) -> WebhookRequest:
    return WebhookRequest(
        url=dispatch.webhook.request_url,
        headers={name: None if name.lower() in HIDDEN_HEADERS else text for name, text in dispatch.headers.items()},
        payload=dispatch.payload,
        status=dispatch.status.value,
        next_call_at=None if dispatch.next_call_at is None else iso(dispatch.next_call_at),
    )
