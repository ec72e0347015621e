"""The session in which BuildKit requests secrets from its client: gRPC on a hijacked connection.

Source: Docker Engine API, "Initialize interactive session"; moby/buildkit, `session/` and
`session/secrets/secrets.proto`. The Docker command does the same for `docker build --secret`.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.health.service import Health
from grpclib.server import Server, Stream

from runtime.containers import BuildFailed
from runtime.containers.buildkit_messages import GetSecretRequest, GetSecretResponse
from runtime.containers.connection import EngineConnection
from runtime.containers.hijacked_connection import UpgradeFailed, open_hijacked_connection

GET_SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
EXPOSED = "X-Docker-Expose-Session"
METHODS = (GET_SECRET, "/grpc.health.v1.Health/Check")


@asynccontextmanager
async def secrets_session(
    secrets: Mapping[str, str] | None, connection: EngineConnection
) -> AsyncIterator[dict[str, str]]:
    """Serve these secrets, by id, to the engine. Yield the parameters that give a build access to them.

    Without secrets (None) there is no session. Raises BuildFailed, EngineUnavailable.
    """
    if secrets is None:
        yield {}
        return
    id = uuid.uuid4().hex
    headers = [(f"{EXPOSED}-Uuid", id), (f"{EXPOSED}-Name", "greenroom"), (f"{EXPOSED}-Sharedkey", "")]
    headers += [(f"{EXPOSED}-Grpc-Method", method) for method in METHODS]
    # grpclib's server would listen on a socket of its own; here it serves an existing connection.
    server = Server([SecretsService(secrets), Health()])
    try:
        transport = await open_hijacked_connection(connection, "/session", "h2c", headers, server._protocol_factory)
    except UpgradeFailed as error:
        raise BuildFailed(f"The secrets in the Dockerfile cannot be passed to the engine. {error}") from error
    try:
        yield {"session": id}
    finally:
        transport.close()


class SecretsService:
    """BuildKit's gRPC service for secrets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    async def get(self, stream: Stream[Any, Any]) -> None:
        request: Any = await stream.recv_message()
        id = request.ID.decode()
        if id not in self._secrets:
            raise GRPCError(Status.NOT_FOUND)
        await stream.send_message(GetSecretResponse(data=self._secrets[id].encode()))

    def __mapping__(self) -> dict[str, Handler]:
        return {GET_SECRET: Handler(self.get, Cardinality.UNARY_UNARY, GetSecretRequest, GetSecretResponse)}
