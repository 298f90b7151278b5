"""Working hours as people write them."""

from __future__ import annotations

import pytest

from sla.calendars import hours_text


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", []),
        ("-", []),
        ("9-18", [(540, 1080)]),
        ("15:00–18:00, 9:00–14:00", [(540, 840), (900, 1080)]),
        ("9.30 a 14h00; 16-24", [(570, 840), (960, 1440)]),
        ("22:00-6:00", [(1320, 1800)]),
        ("0-24", [(0, 1440)]),
    ],
)
def test_hours_are_read(text: str, windows: list[tuple[int, int]]) -> None:
    assert hours_text.read(text) == windows


@pytest.mark.parametrize(
    "text", ["nine", "9", "9-25", "24-25", "9:75-10", "9-14, 13-18", "9-9-9", "-5-10"]
)
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(hours_text.UnreadableHours):
        hours_text.read(text)


@pytest.mark.parametrize("windows", [[], [(540, 840), (900, 1080)], [(1320, 1800)], [(0, 1440)]])
def test_what_is_written_reads_back(windows: list[tuple[int, int]]) -> None:
    assert hours_text.read(hours_text.write(windows)) == windows


@pytest.mark.parametrize("preset", hours_text.PRESETS)
def test_presets_are_recognised_and_possible(preset: str) -> None:
    hours_text.check(hours_text.PRESETS[preset])
    assert hours_text.preset_of(list(reversed(hours_text.PRESETS[preset]))) == preset


def test_a_working_day_is_the_longest_one() -> None:
    assert [
        hours_text.day_minutes(hours_text.PRESETS[key]) for key in ("week", "lunch", "always")
    ] == [540, 480, 1440]
