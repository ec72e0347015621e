"""The two forms of a Standby address: `http://LABEL.localhost:PORT/` and `/greenroom/standby/LABEL/`."""

from __future__ import annotations

from api.web_server.run_address import AddressForms, RunAddress
from runtime.base.addresses import STANDBY_DOMAIN, STANDBY_PATH
from runtime.base.records import ID_LENGTH

LABEL = rf"[a-z0-9](?:[a-z0-9-]{{0,60}}--[a-z0-9-]{{1,61}}|[a-z0-9]{{{ID_LENGTH - 1}}})"


class StandbyAddress(RunAddress):
    """The same fields as those of a run's address. Its key is the label."""

    __slots__ = ()


STANDBY_ADDRESSES = AddressForms(StandbyAddress, key=LABEL, domain=STANDBY_DOMAIN, path=STANDBY_PATH)
