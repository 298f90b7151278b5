"""The forms over one draft of an agreement, and what was posted of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from crm.lib.numbers import typed
from sla.agreements import drafts
from sla.calendars import hours_text, work_calendars
from sla.forms import draft_data
from sla.forms.commitment_rows import as_data, restructure
from sla.forms.commitments import CONDITIONS, CommitmentRows
from sla.forms.terms import TermsForm, choices_of
from sla.models import AgreementVersion
from sla.states import Metric
from sla.text import labels


@dataclass
class AgreementEditor:
    """The forms over one draft. ``next_id``: the part that a button was about."""

    version: AgreementVersion
    form: TermsForm
    rows: CommitmentRows
    names: labels.Labels
    next_id: str = ""

    @classmethod
    def of(
        cls,
        version: AgreementVersion,
        data: QueryDict | None = None,
        *,
        action: str = "",
    ) -> AgreementEditor:
        """Return the editor of ``version``, bound to ``data`` once it is posted.

        ``action``: of a button that adds or removes rows; such a form is shown without errors.
        """
        names = labels.collect()
        choices = {kind: choices_of(names[kind]) for kind in CONDITIONS}
        day = hours_text.day_minutes(work_calendars.windows_of(version.calendar))
        # The rows are built from data in both cases, so that a button can add to what is stored.
        posted: MultiValueDict[str, Any]
        posted = as_data(drafts.commitments_of(version)) if data is None else data
        next_id = restructure(posted, action) if action else ""
        quiet = data is None or bool(action)
        form = TermsForm(data, version=version, names=names)
        if quiet:
            form._errors = ErrorDict()
        rows = CommitmentRows(
            posted,
            choices=choices,
            day=day,
            quiet=quiet,
        )
        return cls(version, form, rows, names, next_id)

    def is_valid(self) -> bool:
        # A list: both are judged, also where the first has errors.
        return all([self.form.is_valid(), self.rows.is_valid()])

    def flat(self) -> draft_data.Flat:
        """Return what was typed as flat data."""
        return self.form.flat() | draft_data.of_commitments(self.rows.commitments())

    def missing_capacity(self) -> dict[str, int] | None:
        """Return the volume that marketing promises and what sales can work, as typed now.

        None where sales can work it, or where one of the two is no number.
        """
        capacity = _number(self.form["capacity"].value())
        volumes = []
        for row in self.rows.marketing:
            # Variants are parts of the general volume.
            if row.metric == Metric.MQL_VOLUME and not row.is_variant:
                volume = _number(row.form["target"].value())
                if volume is not None:
                    volumes.append(volume)
        if capacity is None or not volumes or capacity >= max(volumes):
            return None
        return {"volume": max(volumes), "capacity": capacity}


def _number(value: Any) -> int | None:
    try:
        return typed.read_whole(str(value))
    except ValueError:
        return None
