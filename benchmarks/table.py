"""Results as a table: medians, quartiles, and the ratio to the first row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

CONSOLE = Console(width=110)


def show(title: str, unit: str, results: Mapping[str, Sequence[float]]) -> None:
    """Print one row per contender: its median, its quartiles, and the ratio of its median to that of the first row."""
    table = Table("", f"median {unit}", "quartiles", "times the first", title=title, title_justify="left")
    first = median(next(iter(results.values())))
    for name, values in results.items():
        low, _, high = quantiles(values, n=4)
        ratio = f"{median(values) / first:.2f}" if first else "-"
        table.add_row(name, f"{median(values):.4g}", f"{low:.4g} to {high:.4g}", ratio)
    CONSOLE.print(table)


def show_ratios(title: str, unit: str, first: str, second: str, pairs: Sequence[tuple[float, float]]) -> None:
    """Print the medians of two contenders that alternated, and the median of the ratios of neighbours."""
    low, middle, high = quantiles([two / one for one, two in pairs], n=4)
    table = Table("", f"median {unit}", "times the first", "quartiles", title=title, title_justify="left")
    table.add_row(first, f"{median(one for one, _ in pairs):.4g}", "1", "")
    table.add_row(second, f"{median(two for _, two in pairs):.4g}", f"{middle:.2f}", f"{low:.2f} to {high:.2f}")
    CONSOLE.print(table)
