"""An MCP server over streamable HTTP, for the Standby mode of the Apify platform.

It stores no sessions, because the platform may send each request to another run.
"""

from __future__ import annotations

import asyncio
import os
import sys

from mcp.server.mcpserver import Context, MCPServer
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

PATH = "/mcp"
server = MCPServer("Greenroom sample", version="0.0.1", instructions="Adds, counts and describes its own run.")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
async def count(to: int, context: Context) -> str:
    """Count up to a number, with a progress notification for each step."""
    for number in range(1, to + 1):
        await context.report_progress(number, to)
        await asyncio.sleep(0.1)
    return f"Counted to {to}"


@server.tool()
def describe_run() -> dict[str, str]:
    """Describe the Actor run that serves this request."""
    names = ("ACTOR_RUN_ID", "ACTOR_STANDBY_URL", "APIFY_META_ORIGIN")
    return {name: os.environ.get(name, "") for name in names}


@server.custom_route("/", methods=["GET"])
async def root(request: Request) -> Response:
    """Answer the platform's readiness probe, and people who open the address."""
    return PlainTextResponse(f"Connect an MCP client to {PATH}\n")


def main() -> None:
    if os.environ.get("APIFY_META_ORIGIN") != "STANDBY":
        sys.exit("This Actor only serves its Standby address. Send a request there instead of starting a run.")
    port = int(os.environ["ACTOR_WEB_SERVER_PORT"])
    print(f"The MCP server listens on port {port}", flush=True)
    server.run("streamable-http", host="0.0.0.0", port=port, streamable_http_path=PATH, stateless_http=True)
    print("The MCP server has stopped", flush=True)


if __name__ == "__main__":
    main()
