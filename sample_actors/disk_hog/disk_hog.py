"""Prints how much disk it sees, then writes random data in steps until a write fails."""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MEBIBYTE = 1024 * 1024


@dataclass
class WrittenFiles:
    """The files written so far. `written` is the exact number of bytes that the kernel accepted."""

    folder: Path
    many_files: bool
    written: int = 0
    files: int = 0

    def add(self, mbytes: int) -> None:
        """Write `mbytes` and sync them, to a new file or to the end of the only file. Raises OSError."""
        if self.many_files or not self.files:
            self.files += 1
        descriptor = os.open(self.folder / f"file-{self.files}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for _ in range(mbytes):
                self.write(descriptor, memoryview(os.urandom(MEBIBYTE)))  # random data cannot be compressed
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, data: memoryview) -> None:
        while data:
            taken = os.write(descriptor, data)  # near a limit, the kernel may accept only a part
            self.written += taken
            data = data[taken:]

    def __str__(self) -> str:
        return f"{self.written} bytes ({self.written / MEBIBYTE:.1f} MB) in {self.files} file(s)"


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="disk-hog-"))
    print(f"Given: ACTOR_MEMORY_MBYTES={os.environ.get('ACTOR_MEMORY_MBYTES')}, {disk_figures(folder)}", flush=True)
    run_input = read_input()
    files = WrittenFiles(folder, many_files=run_input.get("files", "one") == "many")
    try:
        fill(files, run_input.get("stepMbytes", 16), run_input.get("untilMbytes", 0), run_input.get("stepSecs", 0))
    except OSError as error:
        print(f"Write failed with {errno.errorcode[error.errno or 0]} after {files}", flush=True)
        return 0 if run_input.get("tolerate", False) else 1
    print(f"Enough: {files}", flush=True)
    return 0


def disk_figures(folder: Path) -> str:
    volume = os.statvfs(folder)
    file_size, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    file_limit = "unlimited" if file_size == resource.RLIM_INFINITY else f"{file_size} bytes"
    free, size = volume.f_bavail * volume.f_frsize, volume.f_blocks * volume.f_frsize
    return f"{folder} is on a volume of {size} bytes with {free} free, largest file {file_limit}"


def fill(files: WrittenFiles, step_mbytes: int, until_mbytes: int, step_secs: float) -> None:
    while not until_mbytes or files.written < until_mbytes * MEBIBYTE:
        files.add(step_mbytes)
        print(f"Wrote {files}", flush=True)
        time.sleep(step_secs)


def read_input() -> dict[str, Any]:
    """Return the run's input. It is empty if there is none, for example in a container that was started by hand."""
    store = os.environ.get("ACTOR_DEFAULT_KEY_VALUE_STORE_ID")
    if store is None:
        return {}
    url = f"{os.environ['APIFY_API_BASE_URL']}/v2/key-value-stores/{store}/records/{os.environ['ACTOR_INPUT_KEY']}"
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}"})) as response:
            fields: dict[str, Any] = json.load(response)
            return fields
    except HTTPError as error:
        if error.code == 404:
            return {}
        raise


sys.exit(main())
