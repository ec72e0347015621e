"""Processes that a user starts in a running container, with their input and output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import docker.errors

from runtime.base.json_text import dumps
from runtime.containers import EngineUnavailable, ExecSpec, OutputChunk, StartFailed
from runtime.containers.connection import EngineConnection, error_message, ignoring_statuses
from runtime.containers.hijacked_connection import UpgradeFailed, open_hijacked_connection

CHUNK_BYTES = 64 * 1024
FRAME_HEADER_BYTES = 8
STDOUT = 1
END_OF_INPUT = b"\x04"
"""The character with which a terminal ends the input of a shell."""
EXIT_ATTEMPTS, EXIT_PAUSE_SECS = 40, 0.05
"""How often, and how soon again, the exit code is requested after the end of the output."""
JSON_BODY = [("Content-Type", "application/json")]


class DockerExec:
    """Implements `Exec` with Docker."""

    def __init__(
        self,
        connection: EngineConnection,
        exec_id: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        has_terminal: bool,
    ) -> None:
        self._connection = connection
        self._id = exec_id
        self._reader = reader
        self._writer = writer
        self._has_terminal = has_terminal
        self._is_input_ended = False

    @classmethod
    async def start(cls, connection: EngineConnection, container_id: str, spec: ExecSpec) -> DockerExec:
        """Start a process in a running container. Raises StartFailed, EngineUnavailable."""
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            created = await connection.call(
                connection.api.exec_create,
                container_id,
                list(spec.command),
                stdin=True,
                tty=spec.has_terminal,
                environment=dict(spec.environment),
            )
            path, body = f"/exec/{created['Id']}/start", dumps({"Tty": spec.has_terminal})
            transport: Any = await open_hijacked_connection(connection, path, "tcp", JSON_BODY, lambda: protocol, body)
        except docker.errors.APIError as error:
            raise StartFailed(error_message(error)) from error
        except UpgradeFailed as error:
            raise StartFailed(str(error)) from error
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        return cls(connection, created["Id"], reader, writer, has_terminal=spec.has_terminal)

    async def output(self) -> AsyncGenerator[OutputChunk, None]:
        try:
            while chunk := await self._read():
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._writer.close()

    async def _read(self) -> OutputChunk | None:
        """Return the next output, or None at the end.

        Without a terminal, the engine frames both streams (Docker Engine API, "Attach to a container").
        """
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if self._has_terminal:
                data = await self._reader.read(CHUNK_BYTES)
                return OutputChunk(STDOUT, data) if data else None
            header = await self._reader.readexactly(FRAME_HEADER_BYTES)
            return OutputChunk(header[0], await self._reader.readexactly(int.from_bytes(header[4:])))
        return None

    async def write(self, data: bytes) -> None:
        if self._is_input_ended or self._writer.is_closing():
            return
        with suppress(ConnectionError):  # the process has ended
            self._writer.write(data)
            await self._writer.drain()

    async def end_input(self) -> None:
        if self._has_terminal:
            await self.write(END_OF_INPUT)
        elif not self._writer.is_closing() and self._writer.can_write_eof():
            self._writer.write_eof()
        self._is_input_ended = True

    async def resize(self, columns: int, rows: int) -> None:
        # The process may have ended. Without an engine, the size does not matter.
        with suppress(EngineUnavailable), ignoring_statuses(404, 409, 500):
            await self._connection.call(self._connection.api.exec_resize, self._id, height=rows, width=columns)

    async def exit_code(self) -> int | None:
        # The output ends a moment before the engine has noticed the end of the process.
        for _ in range(EXIT_ATTEMPTS):
            found = await self._inspect()
            if not found or not found["Running"]:
                break
            await asyncio.sleep(EXIT_PAUSE_SECS)
        code: int | None = found.get("ExitCode")
        return code

    async def _inspect(self) -> dict[str, Any]:
        """Return the engine's description of the process; empty if the engine does not know it, or does not answer."""
        with suppress(EngineUnavailable), ignoring_statuses(404):
            found: dict[str, Any] = await self._connection.call(self._connection.api.exec_inspect, self._id)
            return found
        return {}
