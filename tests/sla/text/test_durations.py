"""Lengths of time as people type them."""

from __future__ import annotations

import pytest

from sla.text import durations

DAY = 9 * 60


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2 h", 120),
        ("2h", 120),
        ("45", 45),
        ("45 min", 45),
        ("1 h 30 min", 90),
        ("1,5 horas", 90),
        ("1.5 h", 90),
        ("1 d", DAY),
        ("2 días", 2 * DAY),
        ("1 d 1 h", DAY + 60),
        ("1 hora y 5 minutos", 65),
    ],
)
def test_length_is_read(text: str, minutes: int) -> None:
    assert durations.read(text, day=DAY, decimal=",") == minutes


@pytest.mark.parametrize(
    "text", ["", "soon", "2 weeks", "-2 h", "0", "0 h", "2 h later", "1.5", "99999999 h", "h"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(durations.UnreadableDuration):
        durations.read(text, day=DAY, decimal=",")


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(120, "2 h"), (45, "45 min"), (95, "1 h 35 min"), (-30, "30 min"), (None, "")],
)
def test_length_is_written_as_it_is_read(minutes: int, text: str) -> None:
    assert durations.write(minutes) == text
