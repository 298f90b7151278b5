"""The criteria of a persona as the pages of a lead show them, each with its forms."""

from __future__ import annotations

from dataclasses import dataclass

from django.forms import Form

from crm.lib.bilingual import in_language
from crm.lib.forms import EmptyForm, PageForm
from leads.forms.given_facts import FactForm
from leads.forms.lead_fields import LeadFields
from leads.forms.qualification import EvidenceForm, OverrideForm
from leads.models import CustomField, Lead
from leads.qualification.rules import CORRECT, Assessment, Judgement
from leads.records import contact_privacy, fields
from leads.templatetags.leads import value_text


@dataclass(frozen=True)
class CriterionRow:
    """One criterion with its judgement.

    ``fact`` gives the field that is missing, ``form`` adds evidence and ``override`` overrules the
    fact that decided it; None where the viewer may not. ``is_hidden``: the viewer may not read the
    fact.
    """

    judgement: Judgement
    text: str
    field_label: str
    form: PageForm | None
    override: PageForm | None = None
    fact: Form | None = None
    is_hidden: bool = False

    @property
    def code(self) -> str:
        return self.judgement.rule.code

    @property
    def is_open(self) -> bool:
        """Whether its field or its evidence is asked for in place, not folded away."""
        is_unsettled = bool(self.judgement.settles) and self.judgement.proof is None
        return is_unsettled or bool(self.fact and self.fact.errors)

    @property
    def is_explained(self) -> bool:
        """Whether the row says how to settle the judgement."""
        settles = self.judgement.settles
        if settles and not self.is_open:
            return self.form is not None or self.override is not None
        return settles == CORRECT and self.override is not None

    @property
    def value(self) -> object:
        """The fact that decided the criterion, as text."""
        if self.is_hidden:
            return contact_privacy.MASK
        if self.judgement.is_overridden:
            return value_text(self.judgement.fact)
        return value_text(self.judgement.value)


def criterion_rows(
    lead: Lead,
    assessment: Assessment | None,
    *kinds: str,
    customs: list[CustomField],
    bound: dict[str, Form],
    editable: bool,
    hidden: bool = False,
) -> list[CriterionRow]:
    """Return the judgements of ``kinds``; none where no persona judges the lead.

    ``customs``: all custom fields. ``bound``: forms that came back with errors, by criterion.
    ``hidden``: the viewer may not read phone and e-mail.
    """
    if assessment is None:
        return []
    judgements = assessment.of(*kinds)
    labels = fields.labels((judgement.rule.field for judgement in judgements), customs)
    lead_fields = LeadFields(lead, customs)
    rows = []
    for judgement in judgements:
        rule = judgement.rule
        row = CriterionRow(
            judgement,
            in_language(rule.text),
            labels[rule.field],
            form=_evidence_form(judgement, bound, editable=editable),
            override=_override_form(judgement, bound, editable=editable),
            fact=_fact_form(judgement, bound, lead_fields) if editable else None,
            is_hidden=hidden and rule.field in contact_privacy.FACTS,
        )
        rows.append(row)
    return rows


def forms_of(rows: list[CriterionRow]) -> list[PageForm]:
    """Return the forms of ``rows``."""
    forms: list[PageForm] = []
    for row in rows:
        forms += [form for form in (row.form, row.override, row.fact) if form is not None]
    return forms


def _evidence_form(
    judgement: Judgement, bound: dict[str, Form], *, editable: bool
) -> PageForm | None:
    """Return the form for evidence, if no fact decided the criterion or a person's evidence did."""
    if not editable:
        return None
    if judgement.value is not None and not judgement.proof:
        return None
    code = judgement.rule.code
    came_back = bound.get(code)
    # The forms of a criterion come back under its code; the class shows which one.
    if isinstance(came_back, EvidenceForm):
        return came_back
    # The page has this form once for each criterion, and ids must not repeat.
    return EmptyForm(EvidenceForm, f"id_{code}_said_%s")


def _fact_form(
    judgement: Judgement, bound: dict[str, Form], lead_fields: LeadFields
) -> Form | None:
    """Return the form that gives the field of the criterion, if the lead lacks the field."""
    code = judgement.rule.code
    came_back = bound.get(code)
    # Also where a colleague gave the field meanwhile: both values are seen.
    if isinstance(came_back, FactForm):
        return came_back
    if not judgement.lacks_fact:
        return None
    field = lead_fields.field(judgement.rule.field)
    if field is None:
        return None
    return FactForm(field=field, auto_id=f"id_{code}_%s")


def _override_form(
    judgement: Judgement, bound: dict[str, Form], *, editable: bool
) -> PageForm | None:
    if not (editable and judgement.can_be_overridden):
        return None
    code = judgement.rule.code
    came_back = bound.get(code)
    if isinstance(came_back, OverrideForm):
        return came_back
    return EmptyForm(OverrideForm, f"id_{code}_%s")
