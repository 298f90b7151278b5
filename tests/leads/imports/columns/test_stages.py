"""Stages as other tools name them, and our own names in both languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from leads.imports.columns import stages
from leads.imports.notes import Noted
from leads.imports.parsers import Style
from leads.states import HandoffState, Stage

# What an import begins with; all others are left out with a note.
BEGINS = ("captured", "mql", "handed_off", "accepted", "contacted", "sql", "opportunity")

# A pending handoff is of a lead at the stage "handed off".
OURS = [*Stage, *(state for state in HandoffState if state != HandoffState.PENDING)]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("stage", OURS)
def test_every_stage_and_state_of_ours_is_read(language: str, stage: Stage) -> None:
    """A list that was exported here comes in again, or says why a cell is left out."""
    with translation.override(language):
        cell = str(stage.label)
    assert stages.is_known(cell)
    found = stages.parse(Style(), cell)
    if stage in BEGINS:
        assert found == stage.value
    elif stage in (Stage.WON, Stage.LOST):
        assert found == Noted(None, "outcome_apart", {"cell": cell})
    else:
        assert found == Noted(None, "way_out", {"cell": cell})
