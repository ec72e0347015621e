"""Several fits of a user at the same time, and fits with many runs."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from api.response import fits
from api.response.fit_models import FitRun
from runtime.base.records import Measurement
from runtime.base.sizes import MBYTE
from tests.api.routes.test_fits import enough_memory as enough_memory
from tests.api.routes.test_fits import finish_all, get, has_peak, next_run, start, until
from tests.fakes.api import Api
from tests.fakes.event_stream import listen
from tests.runtime.fits.models import a_measurement


async def test_fits_of_a_user_share_the_users_limit(tmp_path: Path) -> None:
    """Also while the runs of one are planned, but have not been started."""
    api = Api(tmp_path, max_memory_mbytes=1024)
    await api.open()
    actor = await api.create_actor("fitted")
    started = asyncio.gather(*(start(api, actor, sizes=[512], repeat=2, parallel=2) for _ in range(3)))
    await until(api, started.done)
    fits = [await finish_all(api, fit_id) for fit_id in await started]
    assert [(fit["status"], fit["error"]) for fit in fits] == [("FINISHED", None)] * 3
    await api.close()


async def test_hundreds_of_measurements_do_not_occupy_the_event_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their rows are built in a thread, and not again while only the numbers of live runs change."""
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512])
    run = await next_run(api)
    await api.clock.advance(2)
    measured = tuple(a_measurement(run_id=f"run{number}") for number in range(300))
    await api.orchestrator.database.fits.update(fit_id, lambda fit: replace(fit, measured=measured))
    builders: list[int] = []

    def count(run: Measurement, *, is_stored: bool) -> FitRun:
        builders.append(threading.get_ident())
        return build(run, is_stored=is_stored)

    build = fits._measured_run
    monkeypatch.setattr(fits, "_measured_run", count)
    client = await listen(api, f"fit:{fit_id}")
    await until(api, lambda: client.named("fit"))
    for peak in range(90 * MBYTE, 95 * MBYTE, MBYTE):
        api.container_of(run).uses(peak)
        await until(api, partial(has_peak, client, peak))
    assert len(builders) == len(measured) == len(client.named("fit")[-1]["runs"])
    assert len((await get(api, fit_id))["runs"]) == len(measured)
    assert len(builders) == 2 * len(measured) and threading.get_ident() not in builders
    await client.close()
