"""/greenroom: what the web console needs beside the API: the session of its browser, and the server's state."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.plain_page import plain_page
from api.lazy_routes import Router
from api.request.callers import Caller, ControlTokenOnly, OptionalCaller, full_caller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.security_schemes import control_token, user_token
from api.request.session_cookies import SessionCookies
from api.request.typed_bodies import body_of, documented_body
from api.response.console_models import (
    BrowserSession,
    ConsoleEngine,
    ConsoleInfo,
    GrantedMemory,
    SessionUser,
    SignIn,
    SignInCode,
)
from api.response.envelopes import LocalResponse, no_content
from api.response.local_controls import ErrorEnvelope, ServerInfo
from runtime.access.sessions import CODE_MILLIS
from runtime.base.clock import iso
from runtime.base.errors import Unauthorized
from runtime.base.records import User

PAGE = re.compile(r"/(?![/\\])[\x21-\x7e]*", re.ASCII)
"""The path of a page on this server. `//host` would be another server."""
FIRST_PAGE = "/actors/runs"

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
)


@router.get("/greenroom/console", dependencies=[Depends(user_token)])
async def get_console_info(request: Request, caller: OptionalCaller) -> ConsoleInfo:
    """Show the server's state, and whose session the browser has.

    Without a session, a server with configured users returns 401. Any other server returns null as the user: the page
    then gets a session from `POST /greenroom/session` without a token.
    """
    orchestrator = orchestrator_of(request)
    if caller is not None or orchestrator.users.are_configured:
        caller = full_caller(request)
    info: ServerInfo = request.app.state.info()
    return ConsoleInfo(
        version=info.version,
        api_url=info.api_url,
        started_at=info.started_at,
        user=None if caller is None else SessionUser.model_validate(caller.user),
        has_users=orchestrator.users.are_configured,
        is_operator=caller is not None and caller.is_operator,
        engine=ConsoleEngine.model_validate(info.engine),
        memory=None if caller is None else _granted_memory(request, caller),
        live_runs=info.live_runs,
        clock_ahead_secs=orchestrator.advanceable_clock.offset / 1000,
        retention_days=None if caller is None else orchestrator.account_limits.retention_days(caller.user) or None,
        proxy_url=info.proxy_url,
    )


@router.post("/greenroom/session", openapi_extra=documented_body(SignIn))
async def sign_in(
    request: Request, response: Response, order: Annotated[SignIn, Depends(body_of(SignIn))]
) -> BrowserSession:
    """Sign the browser in as the user of a token: set a cookie that only requests of this origin can use.

    The token of a run is rejected.
    """
    sessions, session_cookies = orchestrator_of(request).sessions, session_cookies_of(request)
    text, session = sessions.create(_user_of(request, order.token))
    response.headers["Set-Cookie"] = session_cookies.set_cookie(text, session)
    return BrowserSession(
        user=SessionUser.model_validate(session.user), is_operator=False, expires_at=iso(session.expires_at)
    )


@router.delete("/greenroom/session", status_code=204)
async def sign_out(request: Request) -> Response:
    """Sign the browser out: its session becomes invalid, also after a restart of the server."""
    session_cookies = session_cookies_of(request)
    session, response = session_cookies.caller_session(request.scope), no_content()
    if session is not None:
        orchestrator = orchestrator_of(request)
        await orchestrator.sessions.end(session)
        orchestrator.live_events.check_connections()
        response.headers["Set-Cookie"] = session_cookies.removed_cookie()
    return response


@router.post("/greenroom/sign-in-codes", dependencies=[ControlTokenOnly, Depends(control_token)])
async def create_sign_in_code(request: Request) -> SignInCode:
    """Create a code with which one browser can become the operator's, at `/greenroom/sign-in?code=...&page=/...`."""
    orchestrator = orchestrator_of(request)
    code = orchestrator.sessions.new_code()
    return SignInCode(code=code, expires_at=iso(orchestrator.clock.now() + CODE_MILLIS))


@router.get("/greenroom/sign-in", include_in_schema=False)
async def redeem_code(request: Request) -> Response:
    """Sign the browser in with a code, and redirect it to a page."""
    params, session_cookies = Params(request), session_cookies_of(request)
    page = params.text("page") or FIRST_PAGE
    redeemed = orchestrator_of(request).sessions.redeem(params.text("code") or "")
    if redeemed is None:
        advice = "It works once, within five minutes. Run `greenroom open` again, or open this server without a path."
        return plain_page("This sign-in link is not valid any more", (advice,), 410)
    response = RedirectResponse(page if PAGE.fullmatch(page) else FIRST_PAGE, 303, {"Cache-Control": "no-store"})
    response.headers["Set-Cookie"] = session_cookies.set_cookie(*redeemed)
    return response


def session_cookies_of(request: Request) -> SessionCookies:
    session_cookies: SessionCookies = request.app.state.session_cookies
    return session_cookies


def _user_of(request: Request, token: str | None) -> User:
    """The user whom a token identifies. Raises Unauthorized."""
    users = orchestrator_of(request).users
    if not users.are_configured:
        return users.first()
    if not token:
        raise Unauthorized("token-not-provided", "This server has users. Sign in with the token of one of them.")
    user, run = users.authenticate(token)
    if run is not None:
        raise Unauthorized("invalid-token", "The token of a run cannot sign a browser in. Use the token of a user.")
    return user


def _granted_memory(request: Request, caller: Caller) -> GrantedMemory:
    quota = orchestrator_of(request).job_quota
    _, used_mbytes = quota.used(caller.user.id)
    return GrantedMemory(used_mbytes=used_mbytes, limit_mbytes=quota.cap_mbytes)
