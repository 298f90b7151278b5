"""The address of the alignment page and of its lists: period, source, team.

Whatever else stands in it is refused.
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
# The columns of the source table by which it may be sorted; a minus before one turns the order
# round.
SORTS = ("source", "leads", "mql", "acceptance", "sql", "won", "amount", "conversion")
USUAL_SORT = "-leads"


@dataclass(frozen=True)
class Preset:
    """A period to choose with one click, in the shape of a tab."""

    url: str
    label: str | Promise
    is_current: bool
    count: None = None


class Day(forms.DateField):
    """An ISO date within reason.

    A fault is told with what was typed, which a date field of a browser hides.
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

    Dates that are missing become the last 90 days up to today or to the given end.
    """

    extra: tuple[str, ...] = ()

    def __init__(self, query: QueryDict, *, zone: str, at: datetime) -> None:
        self.zone, self.at, self.today = zone, at, local_date(at, zone)
        known = ("from", "to", "source", "team", *self.extra)
        self.unknown = sorted(set(query) - set(known))
        typed = {name: query.get(name, "").strip() for name in known}
        typed["to"] = typed["to"] or self.today.isoformat()
        typed["from"] = typed["from"] or _usual_start(typed["to"], self.today).isoformat()
        super().__init__(typed)
        self.fields["from"] = Day(gettext_lazy("From"))
        self.fields["to"] = Day(gettext_lazy("To"))
        self.sources = [(s.code, in_language(s.name)) for s in Source.objects.all()]
        choices = [("", _("All sources")), *self.sources, (NOT_GIVEN, _("Not given"))]
        unknown = {"invalid_choice": gettext_lazy("There is no source “%(value)s”.")}
        self.fields["source"] = forms.ChoiceField(
            label=gettext_lazy("Source"),
            choices=choices,
            required=False,
            error_messages=unknown,
            widget=forms.Select(attrs={"class": "field"}),
        )
        self.teams = {str(team.pk): team for team in Team.objects.order_by("side", "name")}
        self.fields["team"] = forms.ChoiceField(
            label=gettext_lazy("Team"),
            choices=self._team_choices(),
            required=False,
            error_messages={"invalid_choice": gettext_lazy("There is no team “%(value)s”.")},
            widget=forms.Select(attrs={"class": "field"}),
        )

    def _team_choices(self) -> list[Any]:
        """All, then the teams of each side; of those put away only the one that is asked for."""
        asked = self.data["team"]
        sides = {
            side: [(key, t.name) for key, t in self.teams.items() if t.side == side]
            for side in Side
        }
        shown = {
            side: [
                pair
                for pair in pairs
                if self.teams[pair[0]].archived_at is None or pair[0] == asked
            ]
            for side, pairs in sides.items()
        }
        return [
            ("", _("All teams")),
            *((side.label, pairs) for side, pairs in shown.items() if pairs),
        ]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.unknown:
            words = _("The address has a part that this page does not know: %(names)s.")
            self.add_error(None, words % {"names": clean_line(", ".join(self.unknown))[:120]})
        begins, ends = found.get("from"), found.get("to")
        if begins and ends and begins > ends:
            self.add_error("to", _("The end lies before the beginning."))
        return found

    @property
    def scope(self) -> Scope:
        """What is asked for; only of a valid form."""
        found = self.cleaned_data
        asked, team = (
            Scope(Period(found["from"], found["to"]), self.zone, self.at, found["source"]),
            self.chosen_team,
        )
        if team is None:
            return asked
        return (
            replace(asked, marketing=team.pk)
            if team.side == Side.MARKETING
            else replace(asked, sales=team.pk)
        )

    @property
    def chosen_team(self) -> Team | None:
        """The chosen team, None for all."""
        return self.teams.get(self.cleaned_data.get("team", ""))

    @property
    def source_name(self) -> str:
        """The chosen source in words, empty for all."""
        chosen = self.cleaned_data.get("source", "")
        return dict([*self.sources, (NOT_GIVEN, _("Not given"))]).get(chosen, "")

    def presets(self) -> list[Preset]:
        """Usual periods up to today; source, team and order stay.

        Of two that are the same one, the first is chosen.
        """
        today, first = self.today, earliest()
        offered: list[tuple[str | Promise, date]] = [
            (gettext_lazy("Last 7 days"), today - timedelta(days=6)),
            (gettext_lazy("Last 30 days"), today - timedelta(days=29)),
            (gettext_lazy("Last 90 days"), today - USUAL),
            (gettext_lazy("This month"), today.replace(day=1)),
            (
                gettext_lazy("This quarter"),
                today.replace(month=1 + (today.month - 1) // 3 * 3, day=1),
            ),
            (gettext_lazy("All time"), max(min(first or today, today), FIRST)),
        ]
        starts = [start for _label, start in offered]
        chosen = next((at for at, start in enumerate(starts) if self._is_chosen(start)), None)
        return [
            self._preset(label, start, at == chosen) for at, (label, start) in enumerate(offered)
        ]

    def _is_chosen(self, start: date) -> bool:
        return self.data["from"] == start.isoformat() and self.data["to"] == self.today.isoformat()

    def _preset(self, label: str | Promise, start: date, is_current: bool) -> Preset:
        query = {"from": start.isoformat(), "to": self.today.isoformat()}
        kept = {name: self.data[name] for name in ("source", "team", "sort") if self.data.get(name)}
        query |= kept
        return Preset(f"?{urlencode(query)}", label, is_current)


class PageForm(ScopeForm):
    """The same with the order of the source table."""

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
        found = super().clean()
        for error in self.errors.pop("sort", []):
            self.add_error(None, error)
        return found

    @property
    def sort(self) -> str:
        return self.cleaned_data["sort"] or USUAL_SORT


class ListForm(ScopeForm):
    """The same with the number whose list is wanted, its persona, the reason of its rejections or
    whoever handed off (by), and where its page begins.
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
        found = super().clean()
        for error in self.errors.pop("show", []):
            self.add_error(None, error)
        reason, is_asked = self.data["reason"], found.get("show") == "rejected_for"
        if reason not in self.reasons if is_asked else reason:
            self.add_error(
                None,
                _("There is no such reason here: “%(value)s”.")
                % {"value": clean_line(reason)[:60]},
            )
        if self.data["by"] and (
            self.chosen_person is None or found.get("show") not in self.OF_PEOPLE
        ):
            words = _("There is no such person here: “%(value)s”.")
            self.add_error(None, words % {"value": clean_line(self.data["by"])[:60]})
        if (persona := self.data["persona"]) and persona != NOT_GIVEN and self.persona is None:
            self.add_error(
                None, _("There is no persona “%(value)s”.") % {"value": clean_line(persona)[:60]}
            )
        return found

    @property
    def scope(self) -> Scope:
        person = self.chosen_person
        asked = {"reason": self.data["reason"], "persona": self.data["persona"]}
        return replace(super().scope, **asked, person=person.pk if person else None)

    @cached_property
    def chosen_person(self) -> User | None:
        """Whose handoffs are listed, None for all."""
        asked = self.data["by"]
        return (
            User.objects.filter(pk=int(asked)).first()
            if asked.isdecimal() and len(asked) < 19
            else None
        )

    @property
    def persona_name(self) -> str:
        """The persona asked for in words, empty for all."""
        return str(self.persona or (_("judged by none yet") if self.data["persona"] else ""))

    @property
    def chosen_reason(self) -> RejectionReason | None:
        """The reason whose rejections are listed, None for all."""
        return self.reasons.get(self.data["reason"])


def _usual_start(end: str, today: date) -> date:
    try:
        return max(date.fromisoformat(end) - USUAL, FIRST)
    except (ValueError, OverflowError):
        return today - USUAL
