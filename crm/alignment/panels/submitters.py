"""The people and teams that handed off, each with the lists behind its numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.worth import Submitter
from crm.alignment.panels import addresses


@dataclass(frozen=True)
class PersonRow:
    """One person or team of marketing in the table of overrides.

    ``to`` holds the lists behind it, and is empty where there are none.
    """

    person: Submitter
    to: dict[str, str]

    @property
    def name(self) -> str:
        return self.person.name or _("Without a team")


def people(numbers: Numbers) -> list[PersonRow]:
    """Return the people and teams that handed off, with most overrides first."""
    return [PersonRow(person, to_of(numbers, person)) for person in numbers.submitters]


def to_of(numbers: Numbers, person: Submitter) -> dict[str, str]:
    """Return the lists behind the numbers of one person."""
    scope = replace(numbers.scope, person=person.pk)
    if person.is_team:
        # One parameter holds the team, so a page of a sales team has no list of a marketing team.
        if person.pk is None or numbers.scope.sales:
            return {}
        scope = replace(numbers.scope, marketing=person.pk)
    # The other numbers are not counted by person; ListForm refuses such an address.
    links = addresses.links(scope)
    return {name: links[name] for name in ("handed", "overridden")}
