"""Fingerprints of what a page showed."""

from __future__ import annotations

from typing import Any

import pytest

from crm.lib.input import fingerprints

SHOWN = {"state": "checked", "columns": ["name", None], "rows": {"new": 1, "known": 0}}


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ({}, []),
        ({"rows": {"known": 0, "new": 1}}, []),
        ({"state": "running"}, ["state"]),
        ({"columns": ["name", ""], "rows": {"new": 2}}, ["columns", "rows"]),
        ({"more": 1}, ["more"]),
    ],
)
def test_parts_that_changed_are_named(now: dict[str, Any], changed: list[str]) -> None:
    assert fingerprints.changed(fingerprints.of_parts(SHOWN), SHOWN | now) == changed


def test_part_that_is_gone_has_changed() -> None:
    assert fingerprints.changed(fingerprints.of_parts(SHOWN), {"state": "checked"}) == [
        "columns",
        "rows",
    ]


@pytest.mark.parametrize("typed", ["", "=", "state", "state=0 columns", "\x00= =x", "x" * 5000])
def test_any_typed_text_is_another_page(typed: str) -> None:
    assert set(fingerprints.changed(typed, SHOWN)) >= set(SHOWN)
