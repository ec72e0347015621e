"""Why a request failed, as a status and a text for the client.

Source of the statuses from 590 to 599: "Proxy usage" in the platform's documentation.
"""

from __future__ import annotations

import errno
import socket

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
    590: "Non Successful",
    593: "Not Found",
    594: "Connection Refused",
    595: "Connection Reset",
    596: "Broken Pipe",
    597: "Auth Failed",
    599: "Upstream Error",
}


class ProxyFailure(Exception):
    """The request gets this status and text instead of a response of its target."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class BrokenResponse(Exception):
    """The response ended too early, and a part of it has been sent to the client."""


def failure_of(problem: BaseException, target: str) -> ProxyFailure:
    """What the client gets if the connection to a target, or to the upstream proxy, failed."""
    if isinstance(problem, ProxyFailure):
        return problem
    if isinstance(problem, socket.gaierror):
        return ProxyFailure(593, f"The host of {target} was not found.")
    if isinstance(problem, TimeoutError | ProxyTimeoutError):
        return ProxyFailure(595, f"The connection to {target} timed out.")
    if isinstance(problem, ProxyConnectionError):
        status = 594 if problem.errno == errno.ECONNREFUSED else 599
        return ProxyFailure(status, f"The upstream proxy cannot be reached for {target}.")
    if isinstance(problem, ProxyError):
        if problem.error_code == 407:
            return ProxyFailure(597, "The upstream proxy rejected its credentials.")
        return ProxyFailure(590, f"The upstream proxy did not connect to {target}.")
    if isinstance(problem, ConnectionRefusedError):
        return ProxyFailure(594, f"{target} refused the connection.")
    if isinstance(problem, ConnectionResetError):
        return ProxyFailure(595, f"{target} reset the connection.")
    if isinstance(problem, BrokenPipeError):
        return ProxyFailure(596, f"{target} closed the connection.")
    return ProxyFailure(599, f"The connection to {target} failed.")
