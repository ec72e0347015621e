"""Small debuggers: a client of the Debug Adapter Protocol, as editors use it, and one of the Node.js inspector."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

HOST = "127.0.0.1"
ATTEMPTS = 300
PAUSE_SECS = 0.1
Message = dict[str, Any]


def attached(attempt: Callable[[], Any]) -> Any:
    """Repeat the attempt until the debugger in the container answers: the port is published before it listens."""
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except (OSError, EOFError):
            time.sleep(PAUSE_SECS)
    raise AssertionError("no debugger answers")


class DapClient:
    """One session with debugpy. `stop_at` attaches and waits for the breakpoint."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=30)
        self._file = self._socket.makefile("rb")
        self._count = 0
        self._request("initialize", adapterID="test", pathFormat="path", linesStartAt1=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()

    def stop_at(self, local: str, remote: str, file: str, line: int) -> Message:
        """Set a breakpoint in a local file, start the program, and return the frame in which it stops."""
        self._send("attach", pathMappings=[{"localRoot": local, "remoteRoot": remote}])
        self._until(lambda message: message.get("event") == "initialized")
        self._request("setBreakpoints", source={"path": file}, breakpoints=[{"line": line}])
        self._request("configurationDone")
        thread = self._until(lambda message: message.get("event") == "stopped")["body"]["threadId"]
        frame: Message = self._request("stackTrace", threadId=thread)["stackFrames"][0]
        return frame

    def evaluate(self, expression: str, frame: Message) -> str:
        return str(self._request("evaluate", expression=expression, frameId=frame["id"])["result"])

    def resume(self) -> None:
        self._request("disconnect", terminateDebuggee=False)

    def _send(self, command: str, **arguments: Any) -> None:
        self._count += 1
        message = {"seq": self._count, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _request(self, command: str, **arguments: Any) -> Any:
        self._send(command, **arguments)
        number = self._count
        response = self._until(lambda message: message.get("request_seq") == number)
        assert response["success"], response
        return response.get("body")

    def _until(self, is_wanted: Callable[[Message], bool]) -> Message:
        while not is_wanted(message := self._read()):
            pass
        return message

    def _read(self) -> Message:
        length = 0
        while (line := self._file.readline()) != b"\r\n":
            if not line:
                raise EOFError("the debugger closed the connection")
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: Message = json.loads(self._file.read(length))
        return message


class InspectorClient:
    """One session with the inspector of Node.js."""

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://{HOST}:{port}/json", timeout=30) as response:
            self.target: Message = json.load(response)[0]
        self._stack = ExitStack()
        # With a limited queue, unread messages would delay the end of the connection for 10 s.
        connection = connect(f"ws://{HOST}:{port}/{self.target['id']}", max_queue=None)
        self._socket = self._stack.enter_context(connection)
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def stop_at(self, url: str, line: int) -> Message:
        """Set a breakpoint, start the program, and return the frame in which it stops."""
        for method in ("Runtime.enable", "Debugger.enable"):
            self._request(method)
        self._request("Debugger.setBreakpointByUrl", url=url, lineNumber=line - 1)
        self._request("Runtime.runIfWaitingForDebugger")
        while (message := self._read()).get("method") != "Debugger.paused":
            pass
        frame: Message = message["params"]["callFrames"][0]
        return frame

    def evaluate(self, expression: str, frame: Message) -> Any:
        result = self._request("Debugger.evaluateOnCallFrame", callFrameId=frame["callFrameId"], expression=expression)
        return result["result"]["value"]

    def resume(self) -> None:
        self._request("Debugger.resume")

    def _request(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while (message := self._read()).get("id") != self._count:
            pass
        assert "result" in message, message
        return message["result"]

    def _read(self) -> Message:
        message: Message = json.loads(self._socket.recv(timeout=30))
        return message
