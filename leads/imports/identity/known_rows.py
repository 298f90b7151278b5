"""Split off the rows of an import whose person is already a lead that the importer may see."""

from __future__ import annotations

from collections.abc import Sequence

from leads.imports.identity.duplicate_rows import identity_of
from leads.imports.notes import Note
from leads.imports.pipeline import BatchResult
from leads.imports.problems import Problem
from leads.imports.problems import deferred as _
from leads.imports.readings import EMAIL, PHONE, Reading
from leads.imports.states import RowKind
from leads.models.lead import LeadQuerySet
from leads.records.identity import known_leads
from leads.records.identity.known_leads import Match


def split_known(
    readings: Sequence[Reading], sight: LeadQuerySet, *, system: str
) -> tuple[BatchResult, list[Reading]]:
    """Return the rows without a lead in ``sight``, and a result with the others."""
    result = BatchResult()
    fresh: list[Reading] = []
    identities = [identity_of(reading, system) for reading in readings]
    matches = known_leads.find(identities, sight=sight)
    for reading, match in zip(readings, matches, strict=True):
        if match is None or not match.is_same:
            fresh.append(reading)
            result.note(reading, *_shared_phone(reading, match))
        else:
            _reject_known(reading, match, result)
    return result, fresh


def _shared_phone(reading: Reading, match: Match | None) -> list[Note]:
    """Return the warning that another lead has the phone, unless another row of the file has it."""
    if match is None or any(note.code == "phone_of_row" for note in reading.notes):
        return []
    return [Note(PHONE, "phone_of_lead", {}, match.lead)]


def _reject_known(reading: Reading, match: Match, result: BatchResult) -> None:
    problem = Problem(_("known already"), field=match.field)
    result.reject(
        reading,
        [problem],
        RowKind.KNOWN,
        matched_field=match.field.value,
        matched_lead=match.lead,
    )
    if match.has_other_email:
        values = {"email": reading.get(EMAIL, "")}
        result.notes.append((reading.row.number, Note(EMAIL, "other_email", values, match.lead)))
    if match.may_be_known:
        result.count(unknown_system=1)
