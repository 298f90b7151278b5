"""The terms of the editor beside the commitments: definitions, package, calendar, rules, dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.forms import Lines
from personas.models import Criterion, Persona
from personas.states import CriterionKind
from sla.agreements import agreements
from sla.clocks import pauses
from sla.models import AgreementVersion, Calendar, PauseReason, RejectionReason
from sla.states import SIDE_OF, Distribution, Metric, Proof
from sla.text import labels
from sla.text.commitments import DAY

LONGEST = 2000  # characters of a definition


def checks(label: Any, help_text: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple
    )


def text(label: Any, help_text: Any = "") -> Lines:
    area = forms.Textarea(attrs={"rows": 3})
    return Lines(label=label, help_text=help_text, max_length=LONGEST, required=False, widget=area)


def day(label: Any, help_text: Any) -> forms.DateField:
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=False, widget=picker)


def number(
    label: Any, help_text: Any, least: int, most: int, *, required: bool = False
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=least, max_value=most, required=required
    )


class TermsForm(forms.Form):
    """Every term has one plain sentence that says what it does."""

    mql_es = text(
        gettext_lazy("Definition of an MQL, in Spanish"),
        gettext_lazy("In your own words: when is a lead good enough for sales?"),
    )
    mql_en = text(gettext_lazy("Definition of an MQL, in English"))
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
    sql_es = text(
        gettext_lazy("Definition of an SQL, in Spanish"),
        gettext_lazy("In your own words: when is an MQL worth an opportunity?"),
    )
    sql_en = text(gettext_lazy("Definition of an SQL, in English"))
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
        gettext_lazy("Recorded in the agreement; both sides bring the lead to the arbiter."),
        1,
        20,
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
        self, *args: Any, version: AgreementVersion, names: labels.Labels, **kwargs: Any
    ) -> None:
        self.version, self.names = version, names
        super().__init__(*args, initial=_initial(version), **kwargs)
        self._choices()
        self.criteria = _once(labels.criteria())
        choices = [("", _("as its kind")), *Proof.choices]
        for criterion in self.criteria:
            name = f"term-{criterion.code}"
            label = f"{in_language(criterion.text)} ({CriterionKind(criterion.kind).label})"
            self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False)
            self.fields[name].initial = version.sql_terms.get(criterion.code, "")
        agreed = pauses.default_caps() if version.pauses is None else version.pauses
        self.pausing = list(PauseReason.objects.filter(archived_at__isnull=True))
        for reason in self.pausing:
            name = f"pause-{reason.code}"
            self.fields[name] = number(in_language(reason.name), "", 1, pauses.LONGEST_TOTAL.days)
            self.fields[name].initial = -(-agreed.get(reason.code, 0) // DAY) or None
        for metric in Metric:
            name = f"weight-{metric.value}"
            self.fields[name] = number(metric.label, "", 0, 100)
            self.fields[name].initial = version.index_weights.get(metric.value)

    def _choices(self) -> None:
        version = self.version
        personas = Persona.objects.filter(archived_at__isnull=True).order_by("slug")
        self.fields["personas"].choices = [(p.slug, in_language(p.name)) for p in personas]
        self.fields["valuable_actions"].choices = choices_of(self.names["actions"])
        self.fields["sql_blocks"].choices = [
            (kind, CriterionKind(kind).label) for kind in labels.PROVEN
        ]
        self.fields["package_fields"].choices = choices_of(self.names["fields"])
        found = RejectionReason.objects.filter(archived_at__isnull=True)
        self.fields["reasons"].choices = [
            (r.code, f"{in_language(r.name)} · {r.get_kind_display()}") for r in found
        ]
        free = Calendar.objects.filter(team=None) | Calendar.objects.filter(pk=version.calendar_id)
        self.fields["calendar"].queryset = free.order_by("name")
        leads = {user.pk for users in agreements.leads_of(version).values() for user in users}
        people = User.objects.filter(is_active=True)
        possible = (
            people.filter(pk__in=leads)
            | people.filter(is_director=True)
            | people.filter(pk=version.arbiter_id)
        )
        self.fields["arbiter"].queryset = possible.distinct().order_by("name")

    @property
    def terms_of_criteria(self) -> list[forms.BoundField]:
        return [self[f"term-{criterion.code}"] for criterion in self.criteria]

    @property
    def pause_fields(self) -> list[forms.BoundField]:
        return [self[f"pause-{reason.code}"] for reason in self.pausing]

    @property
    def weights(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The weights by side."""
        sides = (("marketing", _("Marketing")), ("sales", _("Sales")))
        return [
            (label, [self[f"weight-{m.value}"] for m in Metric if SIDE_OF[m] == side])
            for side, label in sides
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        total = sum(self.weights_given().values())
        if total not in (0, 100) and not any(name.startswith("weight-") for name in self.errors):
            first = next(
                name for name in self.fields if name.startswith("weight-") and data.get(name)
            )
            self.add_error(first, _("The weights add up to %(sum)s, not to 100.") % {"sum": total})
        return data

    def weights_given(self) -> dict[str, int]:
        found = {m.value: self.cleaned_data.get(f"weight-{m.value}") for m in Metric}
        return {metric: weight for metric, weight in found.items() if weight}

    def flat(self) -> dict[str, Any]:
        """The terms as plain data; see sla.forms.draft_data."""
        data = self.cleaned_data
        plain: tuple[str, ...] = (
            "minimum_score",
            "engagement_half_life_days",
            "distribution",
            "rep_cap",
            "hide_contact",
        )
        plain += ("max_returns", "capacity", "sql_blocks", "package_fields", "valuable_actions")
        gone = set(self.version.sql_terms) - {criterion.code for criterion in self.criteria}
        terms = {c.code: data[f"term-{c.code}"] for c in self.criteria if data[f"term-{c.code}"]}
        return {
            "mql_definition": {language: data[f"mql_{language}"] for language in LANGUAGES},
            "sql_definition": {language: data[f"sql_{language}"] for language in LANGUAGES},
            **{name: data[name] for name in plain},
            "pauses": {
                r.code: data[f"pause-{r.code}"] * DAY
                for r in self.pausing
                if data[f"pause-{r.code}"]
            },
            "sql_terms": terms | {code: self.version.sql_terms[code] for code in gone},
            "index_weights": self.weights_given(),
            "personas": sorted(data["personas"]),
            "reasons": sorted(data["reasons"]),
            "calendar": data["calendar"].pk,
            "arbiter": data["arbiter"].pk if data["arbiter"] else None,
            **{
                name: data[name].isoformat() if data[name] else None
                for name in ("starts_on", "renew_by")
            },
        }

    def clean_starts_on(self) -> date | None:
        found: date | None = self.cleaned_data["starts_on"]
        if found and not 2000 <= found.year <= 2200:
            raise ValidationError(_("Write a date that people live to see."))
        return found


def choices_of(names: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    return [(code, in_language(name)) for code, name in names.items()]


def _once(criteria: Iterable[Criterion]) -> list[Criterion]:
    """Each code once: the personas ask the same question in the same words."""
    return list({criterion.code: criterion for criterion in reversed(list(criteria))}.values())[
        ::-1
    ]


def _initial(version: AgreementVersion) -> dict[str, Any]:
    plain: tuple[str, ...] = (
        "valuable_actions",
        "minimum_score",
        "engagement_half_life_days",
        "sql_blocks",
        "package_fields",
    )
    plain += (
        "calendar",
        "distribution",
        "rep_cap",
        "hide_contact",
        "max_returns",
        "arbiter",
        "capacity",
    )
    plain += ("starts_on", "renew_by")
    return {
        **{name: getattr(version, name) for name in plain},
        **{f"mql_{language}": version.mql_definition.get(language, "") for language in LANGUAGES},
        **{f"sql_{language}": version.sql_definition.get(language, "") for language in LANGUAGES},
        "personas": [persona.slug for persona in version.personas.all()],
        "reasons": [reason.code for reason in version.rejection_reasons.all()],
    }
