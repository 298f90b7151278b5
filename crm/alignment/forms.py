"""Forms that read the query string of the alignment page and of its lists.

The form knows the period, the source and the team; an unknown parameter is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.alignment.numbers.cohort import earliest
from crm.alignment.numbers.scope import FIRST, LAST, NOT_GIVEN, Period, Scope
from crm.alignment.numbers.slices import SLICES
from crm.lib.bilingual import in_language
from crm.lib.clock import local_date
from crm.lib.text import clean_line
from leads.models import Source
from personas.models import Persona
from sla.models import RejectionReason

USUAL = timedelta(days=89)  # with today: the last 90 days
# The sortable columns of the source table; a minus in front means descending.
SORTS = ("source", "leads", "mql", "acceptance", "sql", "won", "amount", "conversion")
USUAL_SORT = "-leads"


@dataclass(frozen=True)
class Preset:
    """A usual period, shown as a tab."""

    url: str
    label: str | Promise
    is_current: bool
    count: None = None


class Day(forms.DateField):
    """An ISO date from FIRST to LAST.

    The error message repeats the typed text, since a date field of a browser hides it.
    """

    widget = forms.DateInput(attrs={"type": "date", "class": "field"}, format="%Y-%m-%d")

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, input_formats=["%Y-%m-%d"])

    def to_python(self, value: Any) -> date | None:
        typed = clean_line(str(value))[:40]
        try:
            day = super().to_python(typed)
        except forms.ValidationError:
            text = _("“%(typed)s” is not a date. Write it as year, month, day: 2026-03-31.")
            raise forms.ValidationError(text % {"typed": typed}) from None
        if day and not FIRST <= day <= LAST:
            raise forms.ValidationError(_("Choose a date from 1900 to 2199."))
        return day


class ScopeForm(forms.Form):
    """Period, source and team.

    A missing end is today; a missing start lies 90 days before the end, both included.
    """

    extra: tuple[str, ...] = ()

    def __init__(self, query: QueryDict, *, zone: str, at: datetime) -> None:
        self.zone = zone
        self.at = at
        self.today = local_date(at, zone)
        known = ("from", "to", "source", "team", *self.extra)
        self.unknown = sorted(set(query) - set(known))
        typed = {name: query.get(name, "").strip() for name in known}
        typed["to"] = typed["to"] or self.today.isoformat()
        typed["from"] = typed["from"] or _usual_start(typed["to"], self.today).isoformat()
        super().__init__(typed)
        self.fields["from"] = Day(gettext_lazy("From"))
        self.fields["to"] = Day(gettext_lazy("To"))
        self.sources = [(s.code, in_language(s.name)) for s in Source.objects.all()]
        self.fields["source"] = self._source_field()
        self.teams = {str(team.pk): team for team in Team.objects.order_by("side", "name")}
        self.fields["team"] = self._team_field()

    def _source_field(self) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=gettext_lazy("Source"),
            choices=[("", _("All sources")), *self.sources, (NOT_GIVEN, _("Not given"))],
            required=False,
            error_messages={"invalid_choice": gettext_lazy("There is no source “%(value)s”.")},
            widget=forms.Select(attrs={"class": "field"}),
        )

    def _team_field(self) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=gettext_lazy("Team"),
            choices=self._team_choices(),
            required=False,
            error_messages={"invalid_choice": gettext_lazy("There is no team “%(value)s”.")},
            widget=forms.Select(attrs={"class": "field"}),
        )

    def _team_choices(self) -> list[Any]:
        """Return all teams by side. An archived team is offered only while it is chosen."""
        chosen = self.data["team"]
        choices: list[Any] = [("", _("All teams"))]
        for side in Side:
            teams = [
                (key, team.name)
                for key, team in self.teams.items()
                if team.side == side and (team.archived_at is None or key == chosen)
            ]
            if teams:
                choices.append((side.label, teams))
        return choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.unknown:
            text = _("The address has a part that this page does not know: %(names)s.")
            self.add_error(None, text % {"names": clean_line(", ".join(self.unknown))[:120]})
        start = data.get("from")
        end = data.get("to")
        if start and end and start > end:
            self.add_error("to", _("The end lies before the beginning."))
        return data

    @property
    def scope(self) -> Scope:
        """Return the scope that a valid form asks for."""
        data = self.cleaned_data
        period = Period(data["from"], data["to"])
        scope = Scope(period, self.zone, self.at, data["source"])
        team = self.chosen_team
        if team is None:
            return scope
        if team.side == Side.MARKETING:
            return replace(scope, marketing=team.pk)
        return replace(scope, sales=team.pk)

    @property
    def chosen_team(self) -> Team | None:
        """Return the chosen team, None for all."""
        return self.teams.get(self.cleaned_data.get("team", ""))

    @property
    def source_name(self) -> str:
        """Return the name of the chosen source, empty for all."""
        names = dict(self.sources)
        names[NOT_GIVEN] = _("Not given")
        return names.get(self.cleaned_data.get("source", ""), "")

    def presets(self) -> list[Preset]:
        """Return the usual periods up to today; source, team and order of the page stay.

        Where two of them are the same period, the first one is marked as chosen.
        """
        presets: list[Preset] = []
        has_chosen = False
        for label, start in self._usual_periods():
            is_chosen = not has_chosen and self._is_chosen(start)
            has_chosen = has_chosen or is_chosen
            presets.append(self._preset(label, start, is_chosen))
        return presets

    def _usual_periods(self) -> list[tuple[str | Promise, date]]:
        """Return label and first date of each usual period."""
        today = self.today
        first_month_of_quarter = 1 + (today.month - 1) // 3 * 3
        first_lead = earliest() or today
        return [
            (gettext_lazy("Last 7 days"), today - timedelta(days=6)),
            (gettext_lazy("Last 30 days"), today - timedelta(days=29)),
            (gettext_lazy("Last 90 days"), today - USUAL),
            (gettext_lazy("This month"), today.replace(day=1)),
            (gettext_lazy("This quarter"), today.replace(month=first_month_of_quarter, day=1)),
            (gettext_lazy("All time"), max(min(first_lead, today), FIRST)),
        ]

    def _is_chosen(self, start: date) -> bool:
        return self.data["from"] == start.isoformat() and self.data["to"] == self.today.isoformat()

    def _preset(self, label: str | Promise, start: date, is_current: bool) -> Preset:
        query = {"from": start.isoformat(), "to": self.today.isoformat()}
        for name in ("source", "team", "sort"):
            if self.data.get(name):
                query[name] = self.data[name]
        return Preset(f"?{urlencode(query)}", label, is_current)


class PageForm(ScopeForm):
    """Also the order of the source table."""

    extra = ("sort",)

    def __init__(self, query: QueryDict, *, zone: str, at: datetime) -> None:
        super().__init__(query, zone=zone, at=at)
        names = [f"{sign}{name}" for name in SORTS for sign in ("", "-")]
        unknown = {"invalid_choice": gettext_lazy("There is no order “%(value)s”.")}
        self.fields["sort"] = forms.ChoiceField(
            choices=[(name, name) for name in names],
            required=False,
            error_messages=unknown,
            widget=forms.HiddenInput(),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for error in self.errors.pop("sort", []):
            self.add_error(None, error)
        return data

    @property
    def sort(self) -> str:
        return self.cleaned_data["sort"] or USUAL_SORT


class ListForm(ScopeForm):
    """Also the number whose list is shown (show), its filters, and where the page begins (after).

    The filters are the persona, the reason of a rejection, and the person who handed off (by).
    """

    extra = ("show", "reason", "persona", "by", "after")
    OF_PEOPLE = ("handed", "overridden")

    def __init__(self, query: QueryDict, *, zone: str, at: datetime) -> None:
        super().__init__(query, zone=zone, at=at)
        no_such = gettext_lazy(
            "There is no number “%(value)s”. Start again from the alignment page."
        )
        self.fields["show"] = forms.ChoiceField(
            choices=[(name, name) for name in SLICES],
            error_messages={"invalid_choice": no_such, "required": no_such},
        )
        self.reasons = {row.code: row for row in RejectionReason.objects.all()}
        asked = self.data["persona"]
        known = asked.isascii() and asked.isdigit() and len(asked) < 10
        self.persona = Persona.objects.filter(pk=asked).first() if known else None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for error in self.errors.pop("show", []):
            self.add_error(None, error)
        show = data.get("show")
        if not self._reason_is_known(show):
            self._add_unknown(_("There is no such reason here: “%(value)s”."), "reason")
        if not self._person_is_known(show):
            self._add_unknown(_("There is no such person here: “%(value)s”."), "by")
        if not self._persona_is_known():
            self._add_unknown(_("There is no persona “%(value)s”."), "persona")
        return data

    def _reason_is_known(self, show: str | None) -> bool:
        reason = self.data["reason"]
        if show == "rejected_for":
            return reason in self.reasons
        return not reason

    def _person_is_known(self, show: str | None) -> bool:
        if not self.data["by"]:
            return True
        return show in self.OF_PEOPLE and self.chosen_person is not None

    def _persona_is_known(self) -> bool:
        return self.data["persona"] in ("", NOT_GIVEN) or self.persona is not None

    def _add_unknown(self, text: str, name: str) -> None:
        """Add an error about the parameter ``name``, which repeats the start of its value."""
        self.add_error(None, text % {"value": clean_line(self.data[name])[:60]})

    @property
    def scope(self) -> Scope:
        scope = replace(super().scope, reason=self.data["reason"], persona=self.data["persona"])
        if self.chosen_person is None:
            return scope
        return replace(scope, person=self.chosen_person.pk)

    @cached_property
    def chosen_person(self) -> User | None:
        """Return the person whose handoffs are listed, None for all."""
        asked = self.data["by"]
        if not asked.isdecimal() or len(asked) >= 19:  # longer numbers are no bigint
            return None
        return User.objects.filter(pk=int(asked)).first()

    @property
    def persona_name(self) -> str:
        """Return the name of the chosen persona, empty for all."""
        if self.persona is not None:
            return str(self.persona)
        if self.data["persona"]:
            return _("judged by none yet")
        return ""

    @property
    def chosen_reason(self) -> RejectionReason | None:
        """Return the reason whose rejections are listed, None for all."""
        return self.reasons.get(self.data["reason"])


def _usual_start(end: str, today: date) -> date:
    """Return the first of the 90 days that end with ``end``; an unreadable end counts as today."""
    try:
        return max(date.fromisoformat(end) - USUAL, FIRST)
    except (ValueError, OverflowError):
        return today - USUAL
