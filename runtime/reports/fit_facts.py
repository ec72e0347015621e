"""The result of a fit in labeled sentences: the recommendation, the expression and the notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runtime.base.json_text import JsonDict
from runtime.reports.fit_rows import EXPRESSION_HEADINGS, expression_row

LEAST_FOR_CHECK = 3
"""With fewer inputs, the server checks the expression against none that it was not derived from."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A labeled sentence, or a table with its headings."""

    label: str
    text: str = ""
    table: Sequence[Sequence[str]] = ()


def facts(fit: JsonDict) -> Iterator[Fact]:
    """Yield the labeled sentences below the table of sizes."""
    if len(fit["inputs"]) > 1:
        for index, label in enumerate(fit["inputs"]):
            yield Fact("Inputs" if index == 0 else "", f"#{index + 1} {label}")
    yield from _recommendation(fit)
    if fit["expression"]:
        yield from _expression(fit["expression"])
    elif fit["recommendation"] and len(fit["inputs"]) > 1:
        yield Fact("Expression", "No number in the inputs predicts the need better than one size for all of them.")
    for index, note in enumerate(fit["notes"]):
        yield Fact("Notes" if index == 0 else "", note)


def _recommendation(fit: JsonDict) -> Iterator[Fact]:
    found = fit["recommendation"]
    if found is None:
        reason = f"because no size fits. {fit['advice']}" if fit["advice"] else "because too little was measured."
        yield Fact("Recommended", f"nothing, {reason}")
        return
    runs = "run" if len(found["proofs"]) == 1 else "runs"
    proof = (
        f"Proven by the fresh {runs} {', '.join(found['proofs'])}."
        if found["isProven"]
        else "Not proven by a fresh run."
    )
    yield Fact("Recommended", f"{found['memoryMbytes']} MB, {found['reason']}. {proof}")
    yield Fact("Headroom", found["explanation"])
    yield Fact(
        "Settings",
        f"defaultMemoryMbytes {found['memoryMbytes']}, minMemoryMbytes {found['minMemoryMbytes']},"
        f" maxMemoryMbytes {found['maxMemoryMbytes']}",
    )


def _expression(expression: JsonDict) -> Iterator[Fact]:
    predictions = expression["predictions"]
    yield Fact("Expression", f'"defaultMemoryMbytes": "{expression["defaultMemoryMbytes"]}"')
    misses = sum(one["isMiss"] for one in predictions)
    text = f"It gives too little to {misses} of {len(predictions)} inputs."
    if len(predictions) < LEAST_FOR_CHECK:
        text += f" Pass at least {LEAST_FOR_CHECK} inputs to check it against inputs that it was not derived from."
    else:
        unseen = sum(one["isUnseenMiss"] for one in predictions)
        text += f" Derived without the input in question, it gives too little to {unseen}."
    yield Fact("", text)
    rows = (expression_row(f"#{index + 1}", one) for index, one in enumerate(predictions))
    yield Fact("", table=(EXPRESSION_HEADINGS, *rows))
