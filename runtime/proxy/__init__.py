"""The door to the web for Actors: a forward proxy, emulating Apify Proxy, in a process of its own."""

from runtime.proxy.faults import Fault, FaultKind
from runtime.proxy.service import Proxy

__all__ = ["Fault", "FaultKind", "Proxy"]
