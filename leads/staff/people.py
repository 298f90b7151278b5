"""Who works here: inviting people, changing their place, and ending their access with their work
moved first.

The only module that deactivates a person. Changes of staff wait for one another
(``_one_at_a_time``), so two of them cannot each leave the other one's work, or the last admin's
chair, to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts import invitations, people
from crm.accounts.models import Invitation, Membership, Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from crm.notifications import outbox
from leads.models import Handoff
from leads.staff.handover import Heirs, move
from leads.states import WORKED

Places = Iterable[tuple[Team, bool]]  # team, and whether the person leads it


class BadPerson(DomainError):
    """Something about a person's data; ``fields`` says what."""

    code = "bad_person"


class NotPossible(Conflict):
    """A rule about who has to stay; the message says which."""

    code = "staffing"


# -- Coming


@transaction.atomic
def invite(
    name: str,
    email: str,
    *,
    by: User | None,
    at: datetime,
    teams: Places = (),
    is_director: bool = False,
    is_admin: bool = False,
    language: str = "",
) -> Invitation:
    """Add a person who cannot sign in yet, with a link that lets them.

    Sends it by mail where mail is set up.

    ``language``: default the organisation's. Raises BadPerson naming name, email or teams.
    """
    people.wait_for_staff_changes()
    places = list(teams)
    name, email = clean_line(name), check_email(email)
    if not name:
        raise _bad("name", _("Give the person's name."))
    if not (places or is_director or is_admin):
        raise _bad(
            "teams", _("Choose at least one team, or make the person a director or an admin.")
        )
    _check_teams(places)
    try:
        with transaction.atomic():
            person = people.create_person(
                name,
                email=email,
                teams=places,
                by=by,
                at=at,
                is_active=False,
                is_director=is_director,
                is_admin=is_admin,
                language=language or people.organisation().language,
            )
    except IntegrityError as error:
        raise _bad("email", _("Somebody has this e-mail already.")) from error
    return invite_again(person, by=by, at=at)


@transaction.atomic
def invite_again(person: User, *, by: User | None, at: datetime) -> Invitation:
    """A new link for somebody who has not come in yet, or who lost the password; the one before
    stops working.
    """
    if not person.email:
        raise _bad("email", _("Give the person an e-mail first: they sign in with it."))
    invitation = invitations.create(person, by=by, at=at)
    _post(invitation, at=at)
    return invitation


def _post(invitation: Invitation, *, at: datetime) -> None:
    """Queue the mail with the link, where there is mail; the link itself is made when it
    is sent.
    """
    inviter = invitation.invited_by.name if invitation.invited_by else ""
    days = (invitation.expires_at - at).days
    params = {"invitation": invitation.pk, "by": inviter, "days": days}
    outbox.queue_mail(
        "invitation", invitation.person, at=at, key=f"invitation:{invitation.pk}", params=params
    )


def check_email(email: str, *, of: User | None = None) -> str:
    """``email`` as it is stored.

    Raises BadPerson where it is none, or somebody else's than ``of``.
    """
    email = clean_line(email).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise _bad("email", _("This is not an e-mail address.")) from error
    other = User.objects.filter(email=email).first()
    if other is None or other == of:
        return email
    if other.deactivated_at:
        text = _("%(name)s had this e-mail and was deactivated. Reactivate that person instead.")
    else:
        text = _("%(name)s has this e-mail already.")
    raise _bad("email", text % {"name": other.name})


def _bad(name: str, text: str) -> BadPerson:
    return BadPerson(text, fields={name: text})


def _check_teams(places: Iterable[tuple[Team, bool]]) -> None:
    if archived := [team.name for team, _is_lead in places if team.archived_at is not None]:
        raise _bad("teams", _("%(team)s is archived.") % {"team": ", ".join(archived)})


# -- Changing


@transaction.atomic
def rename(person: User, *, name: str, email: str, by: User, at: datetime) -> User:
    """Correct a person's name and e-mail. A link on its way to another address stops working."""
    person = _one_at_a_time(person)
    name = clean_line(name)
    if not name:
        raise _bad("name", _("Give the person's name."))
    new = check_email(email, of=person) if email or person.email else None
    if person.is_demo and new != person.email:
        raise _bad("email", _("Demo people keep their e-mail and their password."))
    changes = {"name": [person.name, name], "email": [person.email, new]}
    if new != person.email and invitations.revoke(person, by=by, at=at):
        changes["invitation"] = [None, "revoked"]
    person.name, person.email = name, new
    person.save(update_fields=["name", "email"])
    record("person_changed", person, by=by, at=at, payload={"changes": changes})
    return person


@transaction.atomic
def change_roles(
    person: User, *, is_director: bool, is_admin: bool, by: User, at: datetime
) -> User:
    """Set the two marks that no team gives. Raises NotPossible for the last admin."""
    person = _one_at_a_time(person)
    if person.is_admin and not is_admin:
        _check_not_last_admin(person)
    before = {"is_director": person.is_director, "is_admin": person.is_admin}
    after = {"is_director": is_director, "is_admin": is_admin}
    if before != after:
        person.is_director, person.is_admin = is_director, is_admin
        person.save(update_fields=list(after))
        record("roles_changed", person, by=by, at=at, payload={"before": before, "after": after})
    return person


@transaction.atomic
def change_teams(person: User, teams: Places, *, by: User, at: datetime) -> User:
    """Set the person's teams and which of them they lead.

    Raises NotPossible while they own open handoffs of a team that they would leave: move those
    first.
    """
    person = _one_at_a_time(person)
    wanted = {team.pk: (team, is_lead) for team, is_lead in teams}
    before = {
        m.team_id: m
        for m in person.memberships.select_related("team")
        if m.team.archived_at is None
    }
    _check_teams(place for pk, place in wanted.items() if pk not in before)
    left = [pk for pk in before if pk not in wanted]
    stuck = Handoff.objects.filter(owner=person, state__in=WORKED, team__in=left).count()
    if stuck:
        text = ngettext(
            "%(name)s has %(count)s open handoff in a team to leave. Hand over the work first.",
            "%(name)s has %(count)s open handoffs in a team to leave. Hand over the work first.",
            stuck,
        )
        text %= {"name": person.name, "count": stuck}
        raise NotPossible(text, fields={"teams": text})
    person.memberships.filter(team__in=left).delete()
    for pk, (team, is_lead) in wanted.items():
        if pk not in before or before[pk].is_lead != is_lead:
            Membership.objects.update_or_create(
                user=person, team=team, defaults={"is_lead": is_lead}
            )
    old = {m.team.name: m.is_lead for m in before.values()}
    new = {team.name: is_lead for team, is_lead in wanted.values()}
    if old != new:
        record("teams_changed", person, by=by, at=at, payload={"before": old, "after": new})
    person.__dict__.pop("memberships_now", None)
    return person


@transaction.atomic
def place(
    person: User, teams: Places, *, is_director: bool, is_admin: bool, by: User, at: datetime
) -> User:
    """Set teams and marks together, or neither.

    Raises as :func:`change_roles` and :func:`change_teams`.
    """
    change_roles(person, is_director=is_director, is_admin=is_admin, by=by, at=at)
    return change_teams(person, teams, by=by, at=at)


@transaction.atomic
def end_sessions(person: User, *, by: User, at: datetime) -> User:
    """Sign the person out everywhere, at their next request."""
    person = _one_at_a_time(person)
    _end_sessions(person)
    record("sessions_ended", person, by=by, at=at)
    return person


def _end_sessions(person: User) -> None:
    person.session_round += 1
    person.save(update_fields=["session_round"])


# -- Going


@transaction.atomic
def hand_over(person: User, heirs: Heirs, *, by: User, at: datetime) -> dict[str, int]:
    """Move all open handoffs of the person as ``heirs`` says; returns how many went where, by name
    ("" the queue).

    Raises WorkRemains where a parcel has no heir, or one who cannot take it.
    """
    person = _one_at_a_time(person)
    moved = move(person, heirs, by=by, at=at)
    if moved:
        record("work_handed_over", person, by=by, at=at, payload={"moved": moved})
    return moved


@transaction.atomic
def deactivate(person: User, *, heirs: Heirs, by: User, at: datetime) -> dict[str, int]:
    """End a person's access: no sign-in, all sessions over, links invalid, open handoffs moved as
    ``heirs`` says.

    Returns how many went where, as :func:`hand_over`. Names stay in the history, memberships for a
    return. Raises NotPossible (oneself, the last admin, deactivated already), WorkRemains.
    """
    person = _one_at_a_time(person)
    if person.pk == by.pk:
        raise NotPossible(_("You cannot deactivate yourself. Ask another admin."))
    if person.deactivated_at is not None:
        raise NotPossible(_("%(name)s is deactivated already.") % {"name": person.name})
    if person.is_admin:
        _check_not_last_admin(person)
    was_active, person.is_active, person.deactivated_at = person.is_active, False, at
    person.save(update_fields=["is_active", "deactivated_at"])
    _end_sessions(person)
    # API keys need no end: the key of somebody inactive opens nothing (crm.api.authentication).
    invitations.revoke(person, by=by, at=at)
    moved = move(person, heirs, by=by, at=at)
    record(
        "person_deactivated",
        person,
        by=by,
        at=at,
        payload={"moved": moved, "was_active": was_active},
    )
    return moved


@transaction.atomic
def reactivate(person: User, *, by: User, at: datetime) -> Invitation | None:
    """Give a person access again, in the teams they had.

    Who never set a password gets a link, which is returned.
    """
    person = _one_at_a_time(person)
    if person.deactivated_at is None:
        raise NotPossible(_("%(name)s is not deactivated.") % {"name": person.name})
    person.deactivated_at, person.is_active = None, person.has_usable_password()
    person.save(update_fields=["deactivated_at", "is_active"])
    record("person_reactivated", person, by=by, at=at)
    return None if person.is_active or not person.email else invite_again(person, by=by, at=at)


def warnings(person: User) -> list[str]:
    """What the organisation lacks when this person goes; nothing that forbids it."""
    found = []
    mine = [m.team for m in person.memberships_now if m.is_lead]
    others = Membership.objects.exclude(user=person).filter(
        user__is_active=True, team__archived_at__isnull=True
    )
    led_sides = set(others.filter(is_lead=True).values_list("team__side", flat=True))
    for side in sorted({team.side for team in mine} - led_sides):
        text = _("%(side)s has no other team lead: nobody can sign the agreement for that side.")
        found.append(text % {"side": Side(side).label})
    staffed = set(others.values_list("team", flat=True))
    for membership in person.memberships_now:
        if membership.team_id not in staffed:
            text = _("%(team)s has nobody else: nobody sees its leads and its queue.")
            found.append(text % {"team": membership.team.name})
    if person.is_director and not _others(person).filter(is_director=True).exists():
        found.append(
            _("There is no other director: the last step of the ladder goes to the admins.")
        )
    return found


def _others(person: User) -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(pk=person.pk)


def _check_not_last_admin(person: User) -> None:
    if not _others(person).filter(is_admin=True).exists():
        text = _("%(name)s is the only admin who can sign in. Make somebody else an admin first.")
        text %= {"name": person.name}
        raise NotPossible(text, fields={"is_admin": text})


def _one_at_a_time(person: User) -> User:
    """Wait for any other change of staff, then the person's row, locked and fresh."""
    people.wait_for_staff_changes()
    return people.lock_person(person)
