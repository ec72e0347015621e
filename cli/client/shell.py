"""A WebSocket to a process in a run's container. `api/routes/shells.py` describes its messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from cli.client.errors import ApiError, advice_on
from cli.errors import INVALID_INPUT, CommandError
from cli.server import RunningServer

OPEN_SECS = 30.0


class ShellConnection:
    """A started process. `send_input`, `end_input` and `resize` can be called in other threads."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def send_input(self, data: bytes) -> None:
        self._send(data)

    def end_input(self) -> None:
        self._send(b"")

    def resize(self, columns: int, rows: int) -> None:
        self._send(json.dumps({"columns": columns, "rows": rows}))

    def output(self) -> Iterator[tuple[int, bytes] | int]:
        """Yield output with its stream (1 or 2), and last the exit code. Raises CommandError if it is unknown."""
        try:
            for message in self._socket:
                if isinstance(message, bytes):
                    yield message[0], message[1:]
                    continue
                code = json.loads(message)["exitCode"]
                if code is not None:
                    yield int(code)
                    return
        except ConnectionClosed:
            pass  # the same as the end of the messages without an exit code
        raise CommandError("The connection ended before the command: the run or its container has ended.")

    def _send(self, message: str | bytes) -> None:
        try:
            self._socket.send(message)
        except ConnectionClosed:
            return  # the thread that reads the output reports the end


@contextmanager
def open_shell(
    server: RunningServer, run_id: str, command: Sequence[str], *, size: tuple[int, int] | None, term: str
) -> Iterator[ShellConnection]:
    """Start a command, or a shell if it is empty. With a `size` in columns and rows, it has a terminal.

    Raises CommandError.
    """
    terminal = None if size is None else {"columns": size[0], "rows": size[1]}
    url = f"{server.url.replace('http', 'ws', 1)}/greenroom/runs/{run_id}/shell"
    try:
        with connect(
            url,
            additional_headers=server.authorization,
            proxy=None,  # connections to this machine must not go through a proxy
            max_size=None,
            open_timeout=OPEN_SECS,
        ) as socket:
            socket.send(json.dumps({"command": list(command), "terminal": terminal, "term": term}))
            answer = json.loads(socket.recv())
            if "error" in answer:
                code, message = answer["error"]["type"], answer["error"]["message"]
                raise ApiError(message, advice_on(code, message), exit_code=INVALID_INPUT, code=code)
            yield ShellConnection(socket)
    except (WebSocketException, OSError) as error:
        raise CommandError(f"The server at {server.url} ended the connection: {error}.") from error
