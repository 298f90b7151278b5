"""The terms in the editor of an agreement, beside the commitments.

Definitions, package, calendar, reasons, rules, weights and dates.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.catalogue import in_use
from personas.models import Criterion, Persona
from personas.states import CriterionKind
from sla.agreements import agreements, default_terms
from sla.clocks import pauses
from sla.forms.term_fields import checks, day, definition, number
from sla.models import AgreementVersion, Calendar, PauseReason, RejectionReason
from sla.states import SIDE_OF, Distribution, Metric, Proof
from sla.text import labels
from sla.text.commitments import DAY

# The terms that the form and the draft hold alike.
PLAIN_TERMS = (
    "valuable_actions",
    "minimum_score",
    "engagement_half_life_days",
    "sql_blocks",
    "package_fields",
    "distribution",
    "rep_cap",
    "hide_contact",
    "max_returns",
    "dispute_days",
    "review_months",
    "capacity",
)


class TermsForm(forms.Form):
    """The terms of one draft. ``names``: labels.collect()."""

    mql_es = definition(
        gettext_lazy("Definition of an MQL, in Spanish"),
        gettext_lazy("In your own words: when is a lead good enough for sales?"),
    )
    mql_en = definition(gettext_lazy("Definition of an MQL, in English"))
    personas = checks(
        gettext_lazy("Buyer personas that count"),
        gettext_lazy("Nothing chosen: every published persona counts."),
    )
    valuable_actions = checks(
        gettext_lazy("Valuable actions that count"),
        gettext_lazy("Nothing chosen: every valuable action counts."),
    )
    minimum_score = number(
        gettext_lazy("Least fit score"),
        gettext_lazy("A lead below it is not handed off. Empty: any score will do."),
        0,
        100,
    )
    engagement_half_life_days = number(
        gettext_lazy("Days until engagement halves"),
        gettext_lazy(
            "After so many days a valuable action adds half as much to the engagement score."
        ),
        1,
        3650,
        required=True,
    )
    sql_es = definition(
        gettext_lazy("Definition of an SQL, in Spanish"),
        gettext_lazy("In your own words: when is an MQL worth an opportunity?"),
    )
    sql_en = definition(gettext_lazy("Definition of an SQL, in English"))
    sql_blocks = checks(
        gettext_lazy("Without evidence these block"),
        gettext_lazy("What is not chosen only warns when its evidence is missing."),
    )
    package_fields = checks(
        gettext_lazy("Data that come with each lead"),
        gettext_lazy("A lead without one of these stays with marketing."),
    )
    calendar = forms.ModelChoiceField(
        label=gettext_lazy("Calendar"),
        queryset=None,
        empty_label=None,
        help_text=gettext_lazy(
            "Promised hours count only while it is open. Teams with hours of their own keep them."
        ),
    )
    reasons = checks(
        gettext_lazy("Reasons to reject a lead"),
        gettext_lazy("A rep chooses one of these, and no other."),
    )
    distribution = forms.ChoiceField(
        label=gettext_lazy("How a lead finds its rep"),
        choices=Distribution.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Recorded in the agreement; the team leads see to it."),
    )
    rep_cap = number(
        gettext_lazy("Open leads of a rep at most"),
        gettext_lazy(
            "A rep with so many accepted leads accepts no more until one of them is settled. Empty:"
            " no limit."
        ),
        1,
        1000,
    )
    hide_contact = forms.BooleanField(
        label=gettext_lazy("Sales sees phone and e-mail only after accepting"),
        required=False,
        help_text=gettext_lazy(
            "Until somebody accepts the lead both are masked for everybody in sales."
        ),
    )
    max_returns = number(
        gettext_lazy("Returns before the arbiter decides"),
        gettext_lazy(
            "A lead that is rejected so often goes to the arbiter, not to marketing's desk."
        ),
        1,
        20,
        required=True,
    )
    dispute_days = number(
        gettext_lazy("Working days to decide a dispute"),
        gettext_lazy("The arbiter decides by then; after it the director hears of it."),
        1,
        60,
        required=True,
    )
    review_months = number(
        gettext_lazy("Months between two reviews of a buyer persona"),
        gettext_lazy("Both teams look at each persona again after so many months."),
        1,
        60,
        required=True,
    )
    arbiter = forms.ModelChoiceField(
        label=gettext_lazy("Arbiter"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("The director"),
        help_text=gettext_lazy("Who decides when both sides do not agree about a lead."),
    )
    capacity = number(
        gettext_lazy("Leads a month that sales can work"),
        gettext_lazy("Marketing cannot promise more than this. Empty: not said."),
        1,
        1_000_000,
    )
    starts_on = day(
        gettext_lazy("In force from"), gettext_lazy("Empty: as soon as both sides have signed.")
    )
    renew_by = day(
        gettext_lazy("Look at it again by"),
        gettext_lazy("Both sides are reminded 30, 14 and 7 days before. Empty: never."),
    )

    def __init__(
        self,
        *args: Any,
        version: AgreementVersion,
        names: labels.Labels,
        **kwargs: Any,
    ) -> None:
        self.version = version
        self.names = names
        super().__init__(*args, initial=_initial(version), **kwargs)
        # Fields that depend on catalogues come after those of the class.
        self._set_choices()
        self.criteria = _by_code(labels.criteria())
        self._add_criteria()
        self.pause_reasons = list(in_use(PauseReason))
        self._add_pauses()
        self._add_weights()

    def _set_choices(self) -> None:
        version = self.version
        personas = Persona.objects.filter(archived_at__isnull=True).order_by("slug")
        reasons = in_use(RejectionReason)
        choices = {
            "personas": [(persona.slug, in_language(persona.name)) for persona in personas],
            "valuable_actions": choices_of(self.names["actions"]),
            "sql_blocks": [(kind, CriterionKind(kind).label) for kind in labels.PROVEN],
            "package_fields": choices_of(self.names["fields"]),
            "reasons": [(reason.code, _reason_label(reason)) for reason in reasons],
        }
        for name, options in choices.items():
            self.fields[name].choices = options
        # The calendar of the draft may be a team's by now, or archived.
        own = Calendar.objects.filter(pk=version.calendar_id)
        free = Calendar.objects.filter(team=None)
        self.fields["calendar"].queryset = (free | own).order_by("name")
        self.fields["arbiter"].queryset = _possible_arbiters(version)

    def _add_criteria(self) -> None:
        """Add a field for each criterion, which may differ from its kind."""
        choices = [("", _("as its kind")), *Proof.choices]
        for criterion in self.criteria:
            kind = CriterionKind(criterion.kind).label
            self.fields[f"term-{criterion.code}"] = forms.ChoiceField(
                label=f"{in_language(criterion.text)} ({kind})",
                choices=choices,
                required=False,
                initial=self.version.sql_terms.get(criterion.code, ""),
            )

    def _add_pauses(self) -> None:
        """Add a field for each reason to pause: days at most."""
        agreed = self.version.pauses
        if agreed is None:
            # A draft from before pauses proposes all reasons.
            agreed = pauses.default_caps()
        for reason in self.pause_reasons:
            field = number(in_language(reason.name), "", 1, pauses.LONGEST_TOTAL.days)
            # Whole days, rounded up (// rounds down, so both signs turn); 0 is an empty field.
            field.initial = -(-agreed.get(reason.code, 0) // DAY) or None
            self.fields[f"pause-{reason.code}"] = field

    def _add_weights(self) -> None:
        """Add a field for each metric: its weight in the alignment index."""
        for metric in Metric:
            field = number(metric.label, "", 0, 100)
            field.initial = self.version.index_weights.get(metric.value)
            self.fields[f"weight-{metric.value}"] = field

    @property
    def criterion_fields(self) -> list[forms.BoundField]:
        return [self[f"term-{criterion.code}"] for criterion in self.criteria]

    @property
    def pause_fields(self) -> list[forms.BoundField]:
        return [self[f"pause-{reason.code}"] for reason in self.pause_reasons]

    @property
    def weight_fields(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields of the weights by side, under its label."""
        labels_of_sides = {Side.MARKETING: _("Marketing"), Side.SALES: _("Sales")}
        groups = []
        for side, label in labels_of_sides.items():
            metrics = [metric for metric in Metric if SIDE_OF[metric] == side]
            groups.append((label, [self[f"weight-{metric.value}"] for metric in metrics]))
        return groups

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        weights = self._weights()
        total = sum(weights.values())
        has_errors = any(name.startswith("weight-") for name in self.errors)
        # No weights at all: every commitment weighs the same.
        if total not in (0, 100) and not has_errors:
            first = next(iter(weights))
            text = _("The weights add up to %(sum)s, not to 100.")
            self.add_error(f"weight-{first}", text % {"sum": total})
        return data

    def clean_starts_on(self) -> date | None:
        return self._checked_day("starts_on")

    def clean_renew_by(self) -> date | None:
        return self._checked_day("renew_by")

    def _checked_day(self, name: str) -> date | None:
        chosen: date | None = self.cleaned_data[name]
        # A typed year such as 26 or 20026 is a slip.
        if chosen and not 2000 <= chosen.year <= 2200:
            raise ValidationError(_("Write a date that people live to see."))
        return chosen

    def _weights(self) -> dict[str, int]:
        weights = {}
        for metric in Metric:
            weight = self.cleaned_data.get(f"weight-{metric.value}")
            if weight:
                weights[metric.value] = weight
        return weights

    def flat(self) -> dict[str, Any]:
        """Return the terms as plain data; see sla.forms.draft_data."""
        data = self.cleaned_data
        dates = {name: data[name] for name in ("starts_on", "renew_by")}
        arbiter = data["arbiter"]
        return {
            "mql_definition": {language: data[f"mql_{language}"] for language in LANGUAGES},
            "sql_definition": {language: data[f"sql_{language}"] for language in LANGUAGES},
            **{name: data[name] for name in PLAIN_TERMS},
            "pauses": self._pauses(),
            "sql_terms": self._sql_terms(),
            "index_weights": self._weights(),
            "personas": sorted(data["personas"]),
            "reasons": sorted(data["reasons"]),
            "calendar": data["calendar"].pk,
            "arbiter": arbiter and arbiter.pk,
            # As texts: the draft is compared as JSON.
            **{name: value and value.isoformat() for name, value in dates.items()},
        }

    def _pauses(self) -> dict[str, int]:
        minutes = {}
        for reason in self.pause_reasons:
            days = self.cleaned_data[f"pause-{reason.code}"]
            if days:
                minutes[reason.code] = days * DAY
        return minutes

    def _sql_terms(self) -> dict[str, str]:
        """Return what differs from its kind; criteria that are not asked now keep their term."""
        terms = {}
        for criterion in self.criteria:
            term = self.cleaned_data[f"term-{criterion.code}"]
            if term:
                terms[criterion.code] = term
        codes = {criterion.code for criterion in self.criteria}
        for code, term in self.version.sql_terms.items():
            if code not in codes:
                terms[code] = term
        return terms


def choices_of(names: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """Return codes with their names in the active language."""
    return [(code, in_language(name)) for code, name in names.items()]


def _reason_label(reason: RejectionReason) -> str:
    return f"{in_language(reason.name)} · {reason.get_kind_display()}"


def _possible_arbiters(version: AgreementVersion) -> Any:
    """Return the people who may be the arbiter: leads of both sides, directors, who is it now."""
    leads = [user.pk for user in agreements.both_sides(version)]
    people = User.objects.filter(is_active=True)
    possible = people.filter(pk__in=leads)
    possible |= people.filter(is_director=True)
    # The arbiter of now can be kept, whatever became of their role.
    possible |= people.filter(pk=version.arbiter_id)
    return possible.distinct().order_by("name")


def _by_code(criteria: list[Criterion]) -> list[Criterion]:
    """Return each code once: personas may share a criterion.

    The text of the first one counts, at the place of the last one.
    """
    by_code: dict[str, Criterion] = {}
    # From the end: a later assignment replaces the text and keeps the place of the key.
    for criterion in reversed(criteria):
        by_code[criterion.code] = criterion
    return list(reversed(by_code.values()))


def _initial(version: AgreementVersion) -> dict[str, Any]:
    names = (*PLAIN_TERMS, "calendar", "arbiter", "starts_on", "renew_by")
    initial = {name: getattr(version, name) for name in names}
    # A draft from before these terms proposes the usual ones.
    for name, usual in default_terms.COLUMNS.items():
        if initial[name] is None:
            initial[name] = usual
    for language in LANGUAGES:
        initial[f"mql_{language}"] = version.mql_definition.get(language, "")
        initial[f"sql_{language}"] = version.sql_definition.get(language, "")
    initial["personas"] = [persona.slug for persona in version.personas.all()]
    initial["reasons"] = [reason.code for reason in version.rejection_reasons.all()]
    return initial
