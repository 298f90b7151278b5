"""The rows of commitments in the data of the editor: reading, adding and removing them.

``p`` lists the numbers of the commitments, ``p3-s`` those of the ladder steps of number 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.datastructures import MultiValueDict

from crm.lib import number_formats
from crm.lib.input.numbers import whole
from crm.lib.numbers import typed
from sla.states import CLOCK_METRICS, COUNTED_METRICS, Metric, StepKind
from sla.text import durations

Data = MultiValueDict[str, Any]

MOST_ROWS = 60
MOST_STEPS = 12
MOST_DIGITS = 3  # no agreement has a thousand rows


def row_numbers(data: Data) -> list[int]:
    """Return the numbers of the commitments in ``data``."""
    return _numbers(data, "p")[:MOST_ROWS]


def step_numbers(data: Data, prefix: str) -> list[int]:
    """Return the numbers of the ladder steps of the commitment with ``prefix``."""
    return _numbers(data, f"{prefix}-s")[:MOST_STEPS]


def _numbers(data: Data, key: str) -> list[int]:
    return _read(data.getlist(key))


def _read(sent: Iterable[str]) -> list[int]:
    """Return the numbers of rows in ``sent``; a forged form may send anything."""
    numbers = [whole(text, digits=MOST_DIGITS) for text in sent]
    return [number for number in numbers if number is not None]


def as_data(commitments: Iterable[Mapping[str, Any]]) -> Data:
    """Return what the form of these commitments (drafts.commitments_of) would send."""
    data: Data = MultiValueDict()
    for number, commitment in enumerate(commitments):
        prefix = f"p{number}"
        data.appendlist("p", str(number))
        data[f"{prefix}-metric"] = commitment["metric"]
        data[f"{prefix}-target"] = _shown_target(commitment)
        data[f"{prefix}-window"] = durations.write(commitment["window_minutes"])
        conditions = commitment["conditions"] or {}
        # A commitment is a variant by its conditions; the row says so in a field of its own.
        if any(conditions.values()):
            data[f"{prefix}-is_variant"] = "1"
        for key, codes in conditions.items():
            data.setlist(f"{prefix}-{key}", list(codes))
        for step, (kind, offset) in enumerate(commitment["steps"]):
            data.appendlist(f"{prefix}-s", str(step))
            data[f"{prefix}-s{step}-kind"] = kind
            data[f"{prefix}-s{step}-offset"] = durations.write(offset)
    return data


def _shown_target(commitment: Mapping[str, Any]) -> str:
    """Return the target as the form shows it: a number, or a share in percent."""
    target = Decimal(commitment["target"])
    if commitment["metric"] not in COUNTED_METRICS:
        target *= 100
    return typed.write(target, number_formats.decimal_sign())


def restructure(data: Data, action: str) -> str:
    """Add or remove a row in ``data``; return the id of the part to look at next.

    ``action``: "add:accept", "vary:3", "remove:3", "step:3", "unstep:3:1"; anything else changes
    nothing.
    """
    verb, _colon, rest = action.partition(":")
    if verb == "add":
        return _add(data, rest)
    numbers = _read(rest.split(":"))
    if not numbers:
        return ""
    number = str(numbers[0])
    prefix = f"p{number}"
    # The fields of a removed row stay in the data: without its number they are not read.
    if verb == "remove":
        _remove(data, "p", number)
        return "commitments"
    if verb == "vary":
        return _vary(data, prefix)
    if verb == "step":
        steps = data.getlist(f"{prefix}-s")
        data.appendlist(f"{prefix}-s", _next(steps))
    elif verb == "unstep" and len(numbers) == 2:
        step = str(numbers[1])
        _remove(data, f"{prefix}-s", step)
    return prefix


def _remove(data: Data, key: str, number: str) -> None:
    kept = [raw for raw in data.getlist(key) if raw != number]
    data.setlist(key, kept)


def _add(data: Data, metric: str) -> str:
    """Add an empty commitment; a timed one begins with the breach as its only step."""
    if metric not in Metric.values:
        return ""
    number = _next(data.getlist("p"))
    data.appendlist("p", number)
    data[f"p{number}-metric"] = metric
    if metric in CLOCK_METRICS:
        data.setlist(f"p{number}-s", ["0"])
        data[f"p{number}-s0-kind"] = StepKind.BREACH
    return f"p{number}"


def _vary(data: Data, prefix: str) -> str:
    """Add a copy of a commitment right after it, for some leads."""
    number = _next(data.getlist("p"))
    for key in list(data):
        if key.startswith(f"{prefix}-"):
            name = key.removeprefix(f"{prefix}-")
            values = list(data.getlist(key))
            data.setlist(f"p{number}-{name}", values)
    data[f"p{number}-is_variant"] = "1"
    rows = data.getlist("p")
    original = prefix.removeprefix("p")
    place = len(rows)
    if original in rows:
        place = rows.index(original) + 1
    rows.insert(place, number)
    data.setlist("p", rows)
    return f"p{number}"


def _next(taken: list[str]) -> str:
    """Return the number after the greatest one of ``taken``."""
    return str(max(_read(taken), default=-1) + 1)
