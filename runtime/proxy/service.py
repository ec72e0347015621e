"""The proxy as the server sees it: a process that is started, watched, restarted after a crash, and ended."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from runtime.base.errors import NotFound
from runtime.base.proxy_settings import ProxySettings
from runtime.base.records import ProxyRequest, ProxyUse
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.proxy.faults import Fault, FaultKind
from runtime.proxy.protocol import (
    MAX_LINE_BYTES,
    Account,
    Admit,
    Flush,
    Order,
    Revoke,
    SetFaults,
    Start,
    decode_report,
    encode,
)
from runtime.proxy.recent_requests import RecentRequests

log = logging.getLogger("greenroom.proxy")

RESTART_SECS = 1.0
FLUSH_SECS = 5.0
"""How long the end of a run waits for its last counters."""
RECORD_AGAIN_SECS = 5.0
STOP_SECS = 5.0
NO_FLUSH = 0
"""The number of a report that nothing waits for."""
HOME = Path(__file__).resolve().parents[2]
"""The folder that holds `runtime`."""
MAIN = "import sys; sys.path.insert(0, sys.argv[1]); from runtime.proxy.process import main; main()"

Used = Mapping[str, ProxyUse]
Record = Callable[[str, Used], Awaitable[object]]
ReportRequests = Callable[[str, list[ProxyRequest]], None]
"""Gets the id of a user and the user's newest requests, the last one first."""


class Proxy:
    """Call `open` first, and `close` last. Without sockets there is no process, and nothing has an effect.

    `record` adds what a run has used, by group, to its record. A record that cannot be written is written later.
    `report_requests` is called with the new requests of a user, at most once a second.
    """

    def __init__(self, settings: ProxySettings, record: Record) -> None:
        self._settings = settings
        self._record = record
        self._recent = RecentRequests()
        self.report_requests: ReportRequests = lambda user_id, requests: None
        self._accounts: dict[str, Account] = {}
        self._faults: tuple[Fault, ...] = ()
        self._unrecorded: dict[str, list[Used]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._flushes: dict[int, asyncio.Future[None]] = {}
        self._last_flush = NO_FLUSH
        self._is_closing = False

    @property
    def pid(self) -> int | None:
        """The id of the process; None if it has not been started."""
        return None if self._process is None else self._process.pid

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The ordered faults that have not all happened yet."""
        return self._faults

    async def open(
        self, sockets: Sequence[socket.socket], users: Iterable[tuple[str, str]], *, host_address: str, api_port: int
    ) -> None:
        """Start the process on listening sockets. `users` are ids with passwords.

        `host_address` is the address under which containers reach this machine.
        """
        if not sockets:
            return
        for user_id, password in users:
            self._accounts[password] = Account(password, user_id)
        self._sockets = list(sockets)
        self._host_address = host_address
        self._api_port = api_port
        await self._start()
        self._watching = asyncio.create_task(self._watch(), name="proxy")

    def admit(self, run_id: str, user_id: str, password: str) -> None:
        """Accept the password of a live run."""
        if password:
            self._accounts[password] = Account(password, user_id, run_id)
            self._send(Admit(self._accounts[password]))

    def revoke(self, run_id: str) -> None:
        """Reject the password of a run that has ended, and close its connections."""
        self._accounts = {password: each for password, each in self._accounts.items() if each.run_id != run_id}
        self._send(Revoke(run_id))

    def recent_requests(self, user_id: str) -> list[ProxyRequest]:
        """The last requests and tunnels of a user that have ended since the server started, the last one first."""
        return self._recent.of_user(user_id)

    def order_fault(
        self, *, kind: str, count: int, group: str | None, host: str | None, status: int, delay_secs: float
    ) -> None:
        """Let the next matching requests fail. Earlier orders come first."""
        fault = Fault(kind=FaultKind(kind), count=count, group=group, host=host, status=status, delay_secs=delay_secs)
        self._set_faults((*self._faults, fault))

    def clear_faults(self) -> None:
        self._set_faults(())

    def _set_faults(self, faults: tuple[Fault, ...]) -> None:
        self._faults = faults
        self._send(SetFaults(faults))

    async def flush(self, run_id: str) -> None:
        """Wait until a run's record contains what it has used so far, if the process answers in time."""
        if self._process is None or self._process.returncode is not None:
            return
        self._last_flush += 1
        number, flushed = self._last_flush, asyncio.get_running_loop().create_future()
        self._flushes[number] = flushed
        try:
            self._send(Flush(number))
            await asyncio.wait_for(flushed, FLUSH_SECS)
        except TimeoutError:
            log.warning("The proxy did not report what run %s has used.", run_id)
        finally:
            del self._flushes[number]

    async def close(self) -> None:
        """End the process and record what it reports last."""
        self._is_closing = True
        if self._process is None or self._watching is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._watching, STOP_SECS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _start(self) -> None:
        # A session of its own: Ctrl-C must reach the server only. `-P` prevents modules of the current folder from
        # being imported. The settings go through the pipe, because others can read a process's arguments.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", MAIN, str(HOME)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=MAX_LINE_BYTES,
            pass_fds=[each.fileno() for each in self._sockets],
            start_new_session=True,
        )
        start = Start(
            settings=self._settings,
            accounts=tuple(self._accounts.values()),
            port=self._sockets[0].getsockname()[1],
            host_address=self._host_address,
            api_ports=(self._api_port,),
            sockets=tuple(each.fileno() for each in self._sockets),
            faults=self._faults,
        )
        self._send(start)

    def _send(self, order: Order) -> None:
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(encode(order))

    async def _watch(self) -> None:
        """Record the reports. If the process ends by itself, start it again: the server has its sockets, too."""
        while True:
            assert self._process is not None
            await self._read_reports(self._process)
            code = await self._process.wait()
            if self._is_closing:
                return
            log.warning("The proxy ended with exit code %s, and is started again.", code)
            await self._restart()
            if self._is_closing:
                return

    async def _restart(self) -> None:
        """Start the process again as soon as that is possible."""
        while True:
            await asyncio.sleep(RESTART_SECS)
            if self._is_closing:
                return
            try:
                return await self._start()
            except OSError as problem:
                log.warning("The proxy cannot be started: %s", problem)

    async def _read_reports(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            report = decode_report(line)
            if report.faults is not None:
                self._faults = report.faults
            for run_id, used in report.used.items():
                self._unrecorded.setdefault(run_id, []).append(used)
            self._add_recent(report.requests)
            await self._write_records()
            flushed = self._flushes.get(report.flushed or NO_FLUSH)
            if flushed is not None and not flushed.done():
                flushed.set_result(None)

    def _add_recent(self, requests: Sequence[ProxyRequest]) -> None:
        for request in requests:
            self._recent.add(request)
        for user_id in {each.user_id for each in requests}:
            self.report_requests(user_id, [each for each in reversed(requests) if each.user_id == user_id])

    async def _write_records(self) -> None:
        for run_id in list(self._unrecorded):
            while used := self._unrecorded[run_id]:
                try:
                    await self._record(run_id, used[0])
                except STORAGE_ERRORS as problem:
                    log.warning("What run %s used of the proxy is recorded later: %s", run_id, problem)
                    # The next report repeats this, and there may be none without a request for it.
                    asyncio.get_running_loop().call_later(RECORD_AGAIN_SECS, self._send, Flush(NO_FLUSH))
                    return
                except NotFound:
                    log.info("Run %s was deleted before all its use of the proxy was recorded", run_id)
                except Exception:  # one report must not stop the following ones
                    log.exception("What run %s used of the proxy cannot be recorded", run_id)
                used.pop(0)
            del self._unrecorded[run_id]
