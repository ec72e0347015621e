"""The document of the console, and the policy under which a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from urllib.parse import parse_qs

from starlette.types import Scope

from runtime.base.addresses import WEB_SERVER_DOMAIN

NONCE = "__CSP_NONCE__"
"""The build contains this text where the nonce of a document belongs."""
INLINE_SCRIPT = re.compile(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", re.DOTALL)
LOGIN_PATHS = ("/settings/integrations", "/settings/integrations/")
PORT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
HEADERS = {
    "Cache-Control": "no-store",  # a nonce is used once, and the document may start a session
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def document_of(template: str, host: str, port: int, login_origin: str | None) -> tuple[str, dict[str, str]]:
    """The document for a browser that opened it at `host`, with a new nonce, and its headers.

    `port` is that of the web servers in containers. The page may also send a token to `login_origin`.
    """
    nonce = secrets.token_urlsafe(16)
    headers = {**HEADERS, "Content-Security-Policy": _policy(template, nonce, host, port, login_origin)}
    return template.replace(NONCE, nonce), headers


def local_login_origin(scope: Scope) -> str | None:
    """The address where an `apify login` on this machine waits for a token; None for every other page.

    Source: `apify login`, which opens this page with its port in the query.
    """
    if scope["path"] not in LOGIN_PATHS:
        return None
    query = parse_qs(scope["query_string"].decode("latin-1"))
    ports = query.get("localCliPort", [])
    is_login = query.get("localCliCommand") == ["login"] and len(ports) == 1
    if not is_login or not PORT.fullmatch(ports[0]) or int(ports[0]) > 65_535:
        return None
    return f"http://localhost:{ports[0]}"


def _policy(template: str, nonce: str, host: str, port: int, login_origin: str | None) -> str:
    # 'self' would also allow the scripts that Actors store. A policy cannot name an IPv6 address.
    scripts = " ".join(("'self'" if host.startswith("[") else f"http://{host}/assets/", *_hashes(template)))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'" + (f" {login_origin}" if login_origin else ""),
            f"frame-src 'self' http://*.{WEB_SERVER_DOMAIN}:{port}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _hashes(template: str) -> list[str]:
    """What a policy calls the scripts inside the document: their hashes, so that no other script runs."""
    digests = (hashlib.sha256(script.encode()).digest() for script in INLINE_SCRIPT.findall(template))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
