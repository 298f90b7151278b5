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
from crm.lib.input.numbers import whole
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

    widget = forms.DateInput(
        attrs={"type": "date", "class": "field"},
        format="%Y-%m-%d",
    )

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
        # Refused, not ignored: a mistyped filter would show the numbers of everything.
        self.unknown = sorted(set(query) - set(known))
        super().__init__(self._completed(query, known))
        # "from" is a word of Python, so the fields cannot be declared on the class.
        self.fields["from"] = Day(gettext_lazy("From"))
        self.fields["to"] = Day(gettext_lazy("To"))
        self.sources = []
        for source in Source.objects.all():
            self.sources.append((source.code, in_language(source.name)))
        self.fields["source"] = self._source_field()
        teams = Team.objects.order_by("side", "name")
        self.teams = {str(team.pk): team for team in teams}
        self.fields["team"] = self._team_field()

    def _completed(self, query: QueryDict, known: tuple[str, ...]) -> dict[str, str]:
        """Return the typed values, with the usual dates where none are typed."""
        typed = {name: query.get(name, "").strip() for name in known}
        if not typed["to"]:
            typed["to"] = self.today.isoformat()
        if not typed["from"]:
            start = _usual_start(typed["to"], self.today)
            typed["from"] = start.isoformat()
        return typed

    def _source_field(self) -> forms.ChoiceField:
        every = ("", _("All sources"))
        not_given = (NOT_GIVEN, _("Not given"))
        unknown = gettext_lazy("There is no source “%(value)s”.")
        return forms.ChoiceField(
            label=gettext_lazy("Source"),
            choices=[every, *self.sources, not_given],
            required=False,
            error_messages={"invalid_choice": unknown},
            widget=forms.Select(attrs={"class": "field"}),
        )

    def _team_field(self) -> forms.ChoiceField:
        unknown = gettext_lazy("There is no team “%(value)s”.")
        return forms.ChoiceField(
            label=gettext_lazy("Team"),
            choices=self._team_choices(),
            required=False,
            error_messages={"invalid_choice": unknown},
            widget=forms.Select(attrs={"class": "field"}),
        )

    def _team_choices(self) -> list[Any]:
        """Return all teams by side. An archived team is offered only while it is chosen."""
        chosen = self.data["team"]
        choices: list[Any] = [("", _("All teams"))]
        for side in Side:
            teams = []
            for key, team in self.teams.items():
                is_archived = team.archived_at is not None
                if is_archived and key != chosen:
                    continue
                if team.side == side:
                    teams.append((key, team.name))
            if teams:
                choices.append((side.label, teams))
        return choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.unknown:
            names = clean_line(", ".join(self.unknown))
            text = _("The address has a part that this page does not know: %(names)s.")
            self.add_error(None, text % {"names": names[:120]})
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
        chosen = self.cleaned_data.get("team", "")
        return self.teams.get(chosen)

    @property
    def source_name(self) -> str:
        """Return the name of the chosen source, empty for all."""
        names = dict(self.sources)
        names[NOT_GIVEN] = _("Not given")
        chosen = self.cleaned_data.get("source", "")
        return names.get(chosen, "")

    @property
    def narrowings(self) -> int:
        """Return how many filters are set beside the period."""
        return sum(1 for name in ("source", "team") if self.data.get(name))

    def presets(self) -> list[Preset]:
        """Return the usual periods up to today; source, team and order of the page stay.

        Where two of them are the same period, the first one is marked as chosen.
        """
        presets: list[Preset] = []
        has_chosen = False
        for label, start in self._usual_periods():
            # On the first of a month or quarter, and in a young installation, periods coincide.
            is_chosen = not has_chosen and self._is_chosen(start)
            has_chosen = has_chosen or is_chosen
            preset = self._preset(label, start, is_chosen)
            presets.append(preset)
        return presets

    def _usual_periods(self) -> list[tuple[str | Promise, date]]:
        """Return label and first date of each usual period."""
        today = self.today
        month = today.replace(day=1)
        first_month_of_quarter = 1 + (today.month - 1) // 3 * 3
        quarter = month.replace(month=first_month_of_quarter)
        first_lead = earliest() or today
        # An imported lead may be dated in the future, or before the years that a period may have.
        beginning = max(min(first_lead, today), FIRST)
        return [
            (gettext_lazy("Last 7 days"), today - timedelta(days=6)),
            (gettext_lazy("Last 30 days"), today - timedelta(days=29)),
            (gettext_lazy("Last 90 days"), today - USUAL),
            (gettext_lazy("This month"), month),
            (gettext_lazy("This quarter"), quarter),
            (gettext_lazy("All time"), beginning),
        ]

    def _is_chosen(self, start: date) -> bool:
        today = self.today.isoformat()
        if self.data["to"] != today:
            return False
        return self.data["from"] == start.isoformat()

    def _preset(self, label: str | Promise, start: date, is_current: bool) -> Preset:
        query = {
            "from": start.isoformat(),
            "to": self.today.isoformat(),
        }
        # As typed: the tabs are shown also where the form has an error.
        for name in ("source", "team", "sort"):
            if self.data.get(name):
                query[name] = self.data[name]
        return Preset(f"?{urlencode(query)}", label, is_current)


class PageForm(ScopeForm):
    """Also the order of the source table."""

    extra = ("sort",)

    def __init__(self, query: QueryDict, *, zone: str, at: datetime) -> None:
        super().__init__(query, zone=zone, at=at)
        names = []
        for name in SORTS:
            names += [name, f"-{name}"]
        unknown = gettext_lazy("There is no order “%(value)s”.")
        self.fields["sort"] = forms.ChoiceField(
            choices=[(name, name) for name in names],
            required=False,
            error_messages={"invalid_choice": unknown},
            widget=forms.HiddenInput(),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        # The field is hidden: its error is shown above the form, not beside it.
        for error in self.errors.pop("sort", []):
            self.add_error(None, error)
        return data

    @property
    def sort(self) -> str:
        return self.cleaned_data["sort"] or USUAL_SORT


class ListForm(ScopeForm):
    """Also the number whose list is shown (show), its filters, and where the page begins (after).

    The filters are the persona, the reason of a rejection, and the person who handed off (by).
    ``people``: the ids of those whose lists the reader may see, None for all.
    """

    extra = ("show", "reason", "persona", "by", "after")
    OF_PEOPLE = ("handed", "overridden")

    def __init__(
        self, query: QueryDict, *, zone: str, at: datetime, people: set[int] | None = None
    ) -> None:
        super().__init__(query, zone=zone, at=at)
        self.people = people
        no_such = gettext_lazy(
            "There is no number “%(value)s”. Start again from the alignment page."
        )
        self.fields["show"] = forms.ChoiceField(
            choices=[(name, name) for name in SLICES],
            error_messages={
                "invalid_choice": no_such,
                "required": no_such,
            },
        )
        # Archived ones too: the numbers count old rejections, and link to this list.
        self.reasons = {reason.code: reason for reason in RejectionReason.objects.all()}
        self.persona = _persona(self.data["persona"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        # The number is a part of the address, for which the page has no control.
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
        needs_none = self.data["persona"] in ("", NOT_GIVEN)
        return needs_none or self.persona is not None

    def _add_unknown(self, text: str, name: str) -> None:
        """Add an error about the parameter ``name``, which repeats the start of its value."""
        value = clean_line(self.data[name])
        self.add_error(None, text % {"value": value[:60]})

    @property
    def scope(self) -> Scope:
        data = self.data
        scope = replace(super().scope, reason=data["reason"], persona=data["persona"])
        person = self.chosen_person
        if person is None:
            return scope
        return replace(scope, person=person.pk)

    @cached_property
    def chosen_person(self) -> User | None:
        """Return the person whose handoffs are listed, None for all."""
        pk = whole(self.data["by"])
        if pk is None:
            return None
        if self.people is not None and pk not in self.people:
            return None
        return User.objects.filter(pk=pk).first()

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


def _persona(raw: str) -> Persona | None:
    """Return the persona with the id in the query string, None without one."""
    is_id = raw.isascii() and raw.isdigit() and len(raw) < 10
    if not is_id:
        return None
    return Persona.objects.filter(pk=raw).first()


def _usual_start(end: str, today: date) -> date:
    """Return the first of the 90 days that end with ``end``; an unreadable end counts as today."""
    try:
        start = date.fromisoformat(end) - USUAL
    except (ValueError, OverflowError):
        # The field of the end has the error; the beginning stays a date that can be shown.
        return today - USUAL
    return max(start, FIRST)
