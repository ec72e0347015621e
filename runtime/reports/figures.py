"""The numbers of a report as text. Estimates begin with `~`, and numbers that a limit has cut off with `≥`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from runtime.base.durations import readable_duration
from runtime.base.json_text import JsonDict
from runtime.base.sizes import megabytes, readable_size

NOT_MEASURED = "not measured"
ESTIMATE = "~"


@dataclass(frozen=True, slots=True)
class FigureFormat:
    """How figures are written. `at_least` is the sign of a lower bound."""

    at_least: str = "≥ "

    def text(self, figure: JsonDict, written: Callable[[float], str]) -> str:
        if figure["value"] is None:
            return NOT_MEASURED
        sign = self.at_least if figure["isLowerBound"] else ESTIMATE if figure["basis"] == "estimated" else ""
        return f"{sign}{written(figure['value'])}"

    def size(self, figure: JsonDict) -> str:
        return self.text(figure, readable_size)

    def megabytes(self, figure: JsonDict) -> str:
        return self.text(figure, megabytes)

    def secs(self, figure: JsonDict) -> str:
        return self.text(figure, duration)

    def percent(self, figure: JsonDict) -> str:
        return self.text(figure, lambda value: f"{100 * value:.0f} %")

    def count(self, figure: JsonDict) -> str:
        return self.text(figure, lambda value: f"{value:,.0f}")

    def cores(self, figure: JsonDict) -> str:
        return self.text(figure, lambda value: f"{value:.2f}")

    def usd(self, figure: JsonDict) -> str:
        return self.text(figure, dollars)


UNICODE = FigureFormat()
ASCII = FigureFormat(at_least=">= ")


def duration(secs: float) -> str:
    return readable_duration(1000 * secs)


def dollars(usd: float) -> str:
    """Return an amount with cents, and with more decimals below a dollar: two digits of a very small one."""
    if usd >= 1 or usd == 0:
        return f"${usd:,.2f}"
    return f"${usd:.{4 if usd >= 0.0001 else 1 - math.floor(math.log10(usd))}f}"


def unit_name(unit: str) -> str:
    """Return the name of a unit of platform usage: `dataset writes` for DATASET_WRITES."""
    return unit.lower().replace("_", " ").replace("actor compute units", "compute units").replace("gbytes", "(GB)")


def counted_unit(quantity: float, unit: str) -> str:
    """Return a quantity with its unit: `1 dataset write`, `1,200 dataset writes`."""
    name = unit_name(unit)
    return f"{quantity:,.0f} {name.removesuffix('s') if quantity == 1 else name}"


def share_of(figure: JsonDict, whole: float) -> str:
    """Return the figure as a percentage of the whole, in parentheses; nothing if it was not measured."""
    return "" if figure["value"] is None or not whole else f" ({100 * figure['value'] / whole:.0f} %)"
