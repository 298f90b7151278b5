"""The criteria of a persona as the pages of a lead show them, each with its forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _

from crm.lib import number_formats
from crm.lib.bilingual import in_language
from leads.forms.qualification import EvidenceForm, OverrideForm
from leads.qualification.rules import Assessment, Judgement
from leads.records import contact_privacy, fields


@dataclass(frozen=True)
class CriterionRow:
    """One criterion with its judgement.

    ``form`` adds evidence and ``override`` overrules the fact that decided it; None where the
    viewer may not. ``is_hidden``: the viewer may not read the fact.
    """

    judgement: Judgement
    text: str
    field_label: str
    form: Form | None
    override: Form | None = None
    is_hidden: bool = False

    @property
    def code(self) -> str:
        return self.judgement.rule.code

    @property
    def value(self) -> object:
        """The fact that decided the criterion, as text."""
        if self.is_hidden:
            return contact_privacy.MASK
        if self.judgement.is_overridden:
            return value_text(self.judgement.fact)
        return value_text(self.judgement.value)


def criterion_rows(
    assessment: Assessment | None,
    *kinds: str,
    bound: dict[str, Form],
    editable: bool,
    hidden: bool = False,
) -> list[CriterionRow]:
    """Return the judgements of ``kinds``; none where no persona judges the lead.

    ``bound``: forms that came back with errors, by criterion. ``hidden``: the viewer may not read
    phone and e-mail.
    """
    if assessment is None:
        return []
    judgements = assessment.of(*kinds)
    labels = fields.labels(judgement.rule.field for judgement in judgements)
    rows = []
    for judgement in judgements:
        rule = judgement.rule
        row = CriterionRow(
            judgement,
            in_language(rule.text),
            labels[rule.field],
            form=_evidence_form(judgement, bound, editable=editable),
            override=_override_form(judgement, bound, editable=editable),
            is_hidden=hidden and rule.field in contact_privacy.FACTS,
        )
        rows.append(row)
    return rows


def _evidence_form(judgement: Judgement, bound: dict[str, Form], *, editable: bool) -> Form | None:
    """Return the form for evidence, if no fact decided the criterion or a person's evidence did."""
    if not editable:
        return None
    if judgement.value is not None and not judgement.proof:
        return None
    code = judgement.rule.code
    came_back = bound.get(code)
    # Both forms of a criterion come back under its code; the class shows which one.
    if isinstance(came_back, EvidenceForm):
        return came_back
    # The page has this form once for each criterion, and ids must not repeat.
    return EvidenceForm(auto_id=f"id_{code}_%s")


def _override_form(judgement: Judgement, bound: dict[str, Form], *, editable: bool) -> Form | None:
    if not (editable and judgement.can_be_overridden):
        return None
    code = judgement.rule.code
    came_back = bound.get(code)
    if isinstance(came_back, OverrideForm):
        return came_back
    return OverrideForm(auto_id=f"id_{code}_%s")


def value_text(value: Any) -> Any:
    """Return yes, no and numbers as the viewer reads them; everything else as it is."""
    # Before the numbers: in Python, True is an int.
    if value is True:
        return _("Yes")
    if value is False:
        return _("No")
    if isinstance(value, int | float):
        return number_formats.number(value)
    return value
