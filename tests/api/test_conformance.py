"""Every operation of Apify's OpenAPI document, called on a scripted engine, returns a valid response.

GREENROOM_OPENAPI is the path of the document. `pytest -s` prints the table of all operations.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.world import ScriptedWorld
from tests.fakes.api import Api
from tests.openapi import DOCUMENT, NO_DOCUMENT, Contract
from tests.operations import call_all, check_all

pytestmark = pytest.mark.skipif(not DOCUMENT, reason=NO_DOCUMENT)


async def test_every_operation_returns_a_valid_response(api: Api) -> None:
    contract = Contract(Path(DOCUMENT))
    check_all(await call_all(ScriptedWorld(api), contract.operations()), contract)
