"""What the steps of the set-up write, each through the functions of the nouns it touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import invitations, organisations, people
from crm.accounts.models import Invitation, Membership, Organisation, Team, User
from crm.accounts.states import Side
from crm.lib.clock import local_date
from crm.lib.errors import DomainError
from crm.lib.wording import variants
from crm.setup import defaults
from crm.setup.starter import catalogues
from crm.setup.starter.agreements import DEFINITIONS, PACES, commitments
from leads.staff import people as staffing
from sla.agreements import agreements, drafts, signing
from sla.calendars import calendars, hours_text, public_holidays, special_days
from sla.models import Agreement, AgreementVersion, RejectionReason
from sla.states import AgreementState
from sla.text import labels

Invited = tuple[int, str, str, str]  # row of the form, name, e-mail, a key of PARTS

# What a person may be invited as: side of the team and whether they lead it; None: a mark instead
# of a team.
PARTS: dict[str, tuple[str, bool] | None] = {
    "marketing": (Side.MARKETING, False),
    "marketing_lead": (Side.MARKETING, True),
    "sales": (Side.SALES, False),
    "sales_lead": (Side.SALES, True),
    "director": None,
    "admin": None,
}


class NobodySigns(DomainError):
    code = "nobody_signs"
    message = gettext_lazy("Only a team lead of a side that has not signed yet may sign.")


@transaction.atomic
def found(
    name: str, email: str, password: str, *, zone: str, languages: str, language: str, at: datetime
) -> User:
    """The first admin, an organisation with sensible guesses, and the catalogues.

    Raises as organisations.found.
    """
    country = defaults.country(zone, languages)
    facts = {
        "name": defaults.firm(email, _("My company")),
        "language": language,
        "currency": defaults.currency(country),
        "time_zone": defaults.zone(zone, country),
        "country": country,
    }
    admin = organisations.found(name, email, password, guesses=facts, language=language, at=at)
    catalogues.catalogues()
    return admin


# -- Holidays and hours


@dataclass(frozen=True)
class Day:
    """A holiday to choose; ``keep``: whether it is in the calendar, or proposed to be."""

    on: date
    name: str
    keep: bool


def days(organisation: Organisation, *, at: datetime) -> list[Day]:
    """The closed days in the calendar, and the holidays of the country this year and next that are
    not in it.
    """
    calendar = calendars.main()
    known = {on: name for on, name, _hours in calendars.holidays_of(calendar)} if calendar else {}
    taken = {day.on for day in calendar.holidays.all()} if calendar else set()
    this_year = local_date(at, organisation.time_zone).year
    listed = public_holidays.of_country(
        organisation.country, (this_year, this_year + 1), language=organisation.language
    )
    first_time = not taken and "holidays" not in organisation.setup_steps
    proposed = [Day(on, name, first_time) for on, name in listed if on not in taken]
    return sorted(
        [*proposed, *(Day(on, name, True) for on, name in known.items())], key=lambda day: day.on
    )


@transaction.atomic
def set_holidays(
    organisation: Organisation, chosen: dict[date, str], *, by: User, at: datetime
) -> None:
    """Make ``chosen`` the closed days of the organisation's calendar; dates with other hours keep
    them.
    """
    calendar = calendars.main()
    if calendar is None:
        set_hours(organisation, hours_text.PRESETS["week"], by=by, at=at)
        calendar = calendars.main()
    assert calendar is not None
    special_days.settle(calendar, chosen, by=by, at=at)


@transaction.atomic
def set_hours(
    organisation: Organisation, windows: hours_text.Windows, *, by: User, at: datetime
) -> None:
    """Make ``windows`` the working hours, in the organisation's zone.

    Signed hours stay as they are: then the agreement has to be signed anew, and its step is open
    again.
    """
    with variants.override(organisation.language):
        name = _("Office")
    before = calendars.main()
    after = calendars.settle(name, organisation.time_zone, windows, by=by, at=at)
    if before is not None and after.pk != before.pk:
        organisations.note_step("agreement", "", by=by, at=at)


def hours_today(*, at: datetime) -> hours_text.Windows:
    """The organisation's weekly hours as they count at ``at``; before there is a calendar, an
    office's.
    """
    calendar = calendars.main()
    return calendars.in_effect(calendar, at=at)[1] if calendar else hours_text.PRESETS["week"]


def follow_zone(*, by: User, at: datetime) -> None:
    """The calendar counts in the organisation's zone."""
    calendar, organisation = calendars.main(), people.organisation()
    if calendar is not None and calendar.time_zone != organisation.time_zone:
        set_hours(organisation, hours_today(at=at), by=by, at=at)


# -- Teams and people


def first_team(side: str) -> Team | None:
    """The oldest team of a side."""
    return Team.objects.filter(side=side, archived_at__isnull=True).order_by("pk").first()


@transaction.atomic
def set_teams(
    names: dict[str, str], leads: Iterable[str], *, by: User, at: datetime
) -> dict[str, Team]:
    """At least one team of each side: ``names`` by side.

    ``by`` leads the first teams of the sides in ``leads``, and of no others. Raises
    staffing.NotPossible where ``by`` has open work in a team that they would leave.
    """
    language = people.organisation().language
    teams: dict[str, Team] = {}
    for side, name in names.items():
        teams[side] = first_team(side) or people.create_team(
            name, side, by=by, at=at, language=language
        )
    mine = {
        m.team_id: (m.team, m.is_lead)
        for m in Membership.objects.filter(user=by).select_related("team")
    }
    led = set(leads)
    for side, team in teams.items():
        if side in led:
            mine[team.pk] = (team, True)
        elif team.pk in mine and mine[team.pk][1]:
            del mine[team.pk]
    staffing.change_teams(by, mine.values(), by=by, at=at)
    return teams


@transaction.atomic
def invite(
    invited: Iterable[Invited], teams: dict[str, Team], *, by: User, at: datetime
) -> list[Invitation]:
    """Invite several people.

    Raises staffing.BadPerson whose ``fields`` name the row too: "email-0".
    """
    done = []
    for number, name, email, part in invited:
        place = PARTS[part]
        try:
            done.append(
                staffing.invite(
                    name,
                    email,
                    teams=[(teams[place[0]], place[1])] if place else [],
                    is_director=part == "director",
                    is_admin=part == "admin",
                    by=by,
                    at=at,
                )
            )
        except staffing.BadPerson as error:
            error.fields = {f"{key}-{number}": text for key, text in error.fields.items()}
            raise
    return done


@transaction.atomic
def staff(
    names: dict[str, str],
    leads: Iterable[str],
    invited: Iterable[Invited],
    *,
    by: User,
    at: datetime,
) -> list[Invitation]:
    """Teams and people in one go: all of it or nothing."""
    return invite(invited, set_teams(names, leads, by=by, at=at), by=by, at=at)


def links() -> list[tuple[User, str]]:
    """Who was invited and has not come in yet, with the address to send them; the newest first."""
    rows = Invitation.objects.filter(
        accepted_at__isnull=True, revoked_at__isnull=True
    ).select_related("person")
    return [
        (row.person, f"{settings.BASE_URL}{invitations.path_of(row)}")
        for row in rows.order_by("-pk")[:50]
    ]


# -- Persona and agreement


def in_force() -> AgreementVersion | None:
    """The organisation's agreement in force."""
    rows = AgreementVersion.objects.filter(
        state=AgreementState.IN_FORCE, agreement__teams__isnull=True
    )
    return (
        rows.select_related("agreement", "calendar").prefetch_related("signatures__actor").first()
    )


@transaction.atomic
def agree(pace: str, volume: int | None, *, by: User, at: datetime) -> AgreementVersion:
    """Draft the next version of the organisation's agreement at ``pace`` and sign it for each side
    that ``by`` leads; with both signatures it is in force, else it waits for the lead of the other
    side.

    Raises drafts.DraftOpen where people have written a draft already.
    """
    organisation = people.organisation()
    calendar = calendars.main()
    if calendar is None:
        set_hours(organisation, hours_text.PRESETS["week"], by=by, at=at)
        calendar = calendars.main()
    assert calendar is not None
    with variants.override(organisation.language):
        name = _("Marketing and sales")
    agreement = Agreement.objects.filter(teams__isnull=True).order_by("pk").first()
    if (before := agreements.unsigned()) is not None:
        if (
            before.revision or before.comments.exists()
        ):  # people wrote it: a template does not replace that
            raise drafts.DraftOpen
        drafts.discard(before, by=by, at=at)
    chosen = PACES[pace]
    day = hours_text.day_minutes(calendars.in_effect(calendar, at=at)[1])
    version = drafts.create(
        agreement or Agreement.objects.create(name=name),
        by=by,
        at=at,
        calendar=calendar,
        commitments=commitments(chosen, day_minutes=day, volume=volume),
        reasons=RejectionReason.objects.filter(archived_at__isnull=True),
        **{**DEFINITIONS, "package_fields": chosen.package},
    )
    leads_any = any(by.team_ids(side, led=True) for side in Side.values)
    return sign(version, by=by, at=at) if leads_any else version


@transaction.atomic
def close(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    """Close the text of a draft, with what its codes are called, so that it can be signed; one that
    is closed stays.
    """
    if version.state != AgreementState.DRAFT:
        return version
    return drafts.close(version, by=by, at=at, labels=labels.of(version))


@transaction.atomic
def sign(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    """Sign for each side that ``by`` leads and that has not signed; with both signatures it is in
    force.

    Raises NobodySigns where ``by`` leads none of them.
    """
    signed = agreements.standing_signatures(version)
    mine = [
        side
        for side in Side.values
        if side not in signed and agreements.may_sign(version, side, by)
    ]
    if not mine:
        raise NobodySigns
    version = close(version, by=by, at=at)
    return signing.conclude(version, mine, by=by, at=at)
