"""Two edits of the same lead: what is proposed to stay."""

from __future__ import annotations

import pytest

from crm.lib.edit_conflicts import ASK, MINE, THEIRS, Difference, compare


@pytest.mark.parametrize(
    ("was", "mine", "theirs", "proposed"),
    [
        ("a", "a", "b", THEIRS),  # only they changed it
        ("a", "b", "a", MINE),  # only I did
        ("a", "b", "c", ASK),  # both did
        (None, "b", "c", ASK),  # what stood there is not known
        ("a", "", "a", MINE),  # emptied by me
        ("a", "a", "", THEIRS),  # emptied by them
    ],
)
def test_whoever_alone_changed_a_field_is_proposed(
    was: str | None, mine: str, theirs: str, proposed: str
) -> None:
    before = {} if was is None else {"name": was}
    assert compare(before, {"name": mine}, {"name": theirs}, {}) == [
        Difference("name", mine, theirs, proposed)
    ]


@pytest.mark.parametrize("was", ["a", "b"])
def test_field_that_reads_alike_is_no_difference(was: str) -> None:
    assert compare({"name": was}, {"name": "a"}, {"name": "a"}, {}) == []


@pytest.mark.parametrize(
    ("kept", "choice"), [(MINE, MINE), (THEIRS, THEIRS), ("nonsense", ASK), ("", ASK)]
)
def test_choice_already_made_stands(kept: str, choice: str) -> None:
    assert [
        d.choice for d in compare({"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": kept})
    ] == [choice]
