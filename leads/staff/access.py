"""Access of the people who work here: inviting, renaming, ending it after their work has moved.

No other module deactivates a person.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crm.accounts import invitations, people
from crm.accounts.models import Invitation, User
from crm.accounts.sign_in import sessions
from crm.audit.entries import record
from crm.lib.text import clean_line
from crm.notifications import outbox
from leads.staff.handover import Heirs, move
from leads.staff.memberships import (
    BadPerson,
    Places,
    StaffingConflict,
    check_in_use,
    check_not_last_admin,
    lock,
)

# -- Inviting


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
    """Create a person who cannot sign in yet, with a link to do so; mail it where mail is set up.

    ``language``: by default the organisation's. Raises BadPerson for name, email or teams.
    """
    people.wait_for_staff_changes()
    places = list(teams)
    name = clean_line(name)
    email = check_email(email)
    if not name:
        raise _bad("name", _("Give the person's name."))
    if not (places or is_director or is_admin):
        text = _("Choose at least one team, or make the person a director or an admin.")
        raise _bad("teams", text)
    check_in_use(places)
    try:
        with transaction.atomic():
            person = people.create_person(
                name,
                email=email,
                teams=places,
                is_active=False,
                is_director=is_director,
                is_admin=is_admin,
                language=language or people.organisation().language,
                by=by,
                at=at,
            )
    # check_email() has looked; another admin may have invited the same person since then.
    except IntegrityError as error:
        raise _bad("email", _("Somebody has this e-mail already.")) from error
    return invite_again(person, by=by, at=at)


@transaction.atomic
def invite_again(person: User, *, by: User | None, at: datetime) -> Invitation:
    """Create a new link for a person who cannot sign in; the earlier one stops working."""
    if not person.email:
        raise _bad("email", _("Give the person an e-mail first: they sign in with it."))
    invitation = invitations.create(person, by=by, at=at)
    _queue_mail(invitation, at=at)
    return invitation


def _queue_mail(invitation: Invitation, *, at: datetime) -> None:
    """Queue the mail, where mail is set up; its link is made only when it is sent."""
    inviter = ""
    if invitation.invited_by is not None:
        inviter = invitation.invited_by.name
    valid_for = invitation.expires_at - at
    params = {
        "invitation": invitation.pk,
        "by": inviter,
        "days": valid_for.days,
    }
    outbox.queue_mail(
        "invitation",
        invitation.person,
        at=at,
        key=f"invitation:{invitation.pk}",
        params=params,
    )


# -- Name and e-mail


@transaction.atomic
def rename(person: User, *, name: str, email: str, by: User, at: datetime) -> User:
    """Correct a person's name and e-mail. A link that was sent to the old address is revoked."""
    person = lock(person)
    name = clean_line(name)
    if not name:
        raise _bad("name", _("Give the person's name."))
    # NULL and not "": the column is unique, and imported people may have no e-mail.
    new_email = None
    if email or person.email:
        new_email = check_email(email, of=person)
    if person.is_demo and new_email != person.email:
        raise _bad("email", _("Demo people keep their e-mail and their password."))
    changes = {"name": [person.name, name], "email": [person.email, new_email]}
    # The old mailbox may be another person's, who could sign in by the link.
    if new_email != person.email and invitations.revoke(person, by=by, at=at):
        changes["invitation"] = [None, "revoked"]
    person.name = name
    person.email = new_email
    person.save(update_fields=["name", "email"])
    record("person_changed", person, by=by, at=at, payload={"changes": changes})
    return person


def check_email(email: str, *, of: User | None = None) -> str:
    """Return ``email`` as it is stored.

    Raises BadPerson if it is not valid, or belongs to another person than ``of``.
    """
    email = clean_line(email).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise _bad("email", _("This is not an e-mail address.")) from error
    other = User.objects.filter(email=email).first()
    if other is None or other == of:
        return email
    text = _("%(name)s has this e-mail already.")
    if other.deactivated_at:
        text = _("%(name)s had this e-mail and was deactivated. Reactivate that person instead.")
    raise _bad("email", text % {"name": other.name})


def _bad(name: str, text: str) -> BadPerson:
    return BadPerson(text, fields={name: text})


# -- Leaving


@transaction.atomic
def hand_over(
    person: User, heirs: Heirs, *, by: User, at: datetime, shown: str | None = None
) -> dict[str, int]:
    """Move all open handoffs of the person to ``heirs``.

    Return how many went where, by name; the queue is "". ``shown``: the fingerprint of the work
    that the page of ``by`` showed. Raises WorkChanged where it is another by now, and WorkRemains
    where a parcel has no heir, or one who cannot take it.
    """
    person = lock(person)
    moved = move(person, heirs, by=by, at=at, shown=shown)
    if moved:
        record("work_handed_over", person, by=by, at=at, payload={"moved": moved})
    return moved


@transaction.atomic
def deactivate(
    person: User, *, heirs: Heirs, by: User, at: datetime, shown: str | None = None
) -> dict[str, int]:
    """End a person's access: no sign-in, no session, no link; open handoffs move to ``heirs``.

    ``shown``, and the result: as of :func:`hand_over`. Names stay in the history, and memberships
    for a return. Raises StaffingConflict for oneself, the last admin and a deactivated person,
    WorkChanged and WorkRemains.
    """
    person = lock(person)
    if person.pk == by.pk:
        raise StaffingConflict(_("You cannot deactivate yourself. Ask another admin."))
    if person.deactivated_at is not None:
        text = _("%(name)s is deactivated already.")
        raise StaffingConflict(text % {"name": person.name})
    if person.is_admin:
        check_not_last_admin(person)
    # From here on the trigger handoff_owner_is_active refuses every new handoff of this person;
    # those of before are moved below.
    was_active = person.is_active
    person.is_active = False
    person.deactivated_at = at
    person.save(update_fields=["is_active", "deactivated_at"])
    # API keys need no end: the key of an inactive person opens nothing (crm.api.authentication).
    sessions.start_round(person)
    invitations.revoke(person, by=by, at=at)
    moved = move(person, heirs, by=by, at=at, shown=shown)
    payload = {"moved": moved, "was_active": was_active}
    record("person_deactivated", person, by=by, at=at, payload=payload)
    return moved


@transaction.atomic
def reactivate(person: User, *, by: User, at: datetime) -> Invitation | None:
    """Give a person access again, in the teams they had.

    Return an invitation for a person who never set a password, if they have an e-mail.
    """
    person = lock(person)
    if person.deactivated_at is None:
        text = _("%(name)s is not deactivated.")
        raise StaffingConflict(text % {"name": person.name})
    person.deactivated_at = None
    # An invited person who never set a password may sign in only after following a link.
    person.is_active = person.has_usable_password()
    person.save(update_fields=["deactivated_at", "is_active"])
    record("person_reactivated", person, by=by, at=at)
    if person.is_active or not person.email:
        return None
    return invite_again(person, by=by, at=at)
