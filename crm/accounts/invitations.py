"""Invite people by a link that opens an account once, within 14 days.

The link carries a signature over the row's random nonce and its end: neither the database nor the
server's key alone is enough to make one. A new invitation makes the earlier ones invalid.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import LANGUAGES, Invitation, User
from crm.accounts.people import lock_person
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line

VALID_FOR = timedelta(days=14)
SALT = "relevo.accounts.invitation"  # signatures for other purposes are not accepted here


class NotInvitable(Conflict):
    code = "not_invitable"
    message = _("This person has been deactivated. Reactivate them first.")


class UnknownLink(DomainError):
    """No invitation has this link: it was mistyped, cut off or forged."""

    status = 404
    code = "unknown_link"
    message = _("This link is not complete or not one of ours.")


class LinkOver(DomainError):
    """The link was valid once; ``why`` is used, revoked or expired."""

    status = 410
    code = "link_over"

    def __init__(self, invitation: Invitation, why: str) -> None:
        self.invitation = invitation
        self.why = why
        super().__init__(OVER[why])


OVER = {
    "used": _("This link was used already. Sign in with the password that was set with it."),
    "revoked": _(
        "This link is not valid any more: a newer one was made, or the invitation was taken back."
    ),
    "expired": _("This link has run out: it was valid for 14 days."),
}


def _signer() -> Signer:
    return Signer(salt=SALT, sep="~")


def _signed_value(invitation: Invitation) -> str:
    # To the microsecond, as PostgreSQL stores it: the link is made again from the stored row.
    expires_at = f"{invitation.expires_at.timestamp():.6f}"
    return f"{invitation.pk}:{invitation.nonce}:{expires_at}"


def path_of(invitation: Invitation) -> str:
    """Return the path of the link, equal at every call."""
    signature = _signer().signature(_signed_value(invitation))
    return reverse("join", kwargs={"pk": invitation.pk, "signature": signature})


def path_while_open(pk: int) -> str:
    """Return the path of the link for a mail, or "" when it was used or revoked meanwhile."""
    invitation = Invitation.objects.filter(
        pk=pk, accepted_at__isnull=True, revoked_at__isnull=True
    ).first()
    if invitation is None:
        return ""
    return path_of(invitation)


@transaction.atomic
def create(person: User, *, by: User | None, at: datetime) -> Invitation:
    """Invite ``person``, who may also be active and have lost the password.

    Earlier links stop working. Raises NotInvitable for deactivated people, and for demo people,
    whose password is fixed.
    """
    person = lock_person(person)
    if person.deactivated_at is not None:
        raise NotInvitable
    if person.is_demo:
        raise NotInvitable(_("Demo people keep their e-mail and their password."))
    # Before the new one: the constraint invitation_one_open allows one open link per person.
    _revoke(person, at=at)
    invitation = Invitation.objects.create(
        person=person,
        invited_by=by,
        nonce=secrets.token_hex(32),
        created_at=at,
        expires_at=at + VALID_FOR,
    )
    payload = {"expires_at": invitation.expires_at.isoformat()}
    record("person_invited", person, by=by, at=at, payload=payload)
    return invitation


@transaction.atomic
def revoke(person: User, *, by: User | None, at: datetime) -> int:
    """Make the person's open link invalid and return how many there were (0 or 1)."""
    revoked = _revoke(lock_person(person), at=at)
    if revoked:
        record("invitation_revoked", person, by=by, at=at)
    return revoked


def _revoke(person: User, *, at: datetime) -> int:
    return open_of(person).update(revoked_at=at)


def open_of(person: User) -> QuerySet[Invitation]:
    """Return the person's invitations that were neither used nor revoked: at most one."""
    return Invitation.objects.filter(
        person=person, accepted_at__isnull=True, revoked_at__isnull=True
    )


def find(pk: int, signature: str, *, at: datetime) -> Invitation:
    """Return the invitation of a link.

    Raises UnknownLink, LinkOver.
    """
    invitation = Invitation.objects.select_related("person", "invited_by").filter(pk=pk).first()
    if invitation is None:
        raise UnknownLink
    try:
        _signer().unsign(f"{_signed_value(invitation)}~{signature}")
    except BadSignature:
        raise UnknownLink from None
    _check_valid(invitation, at=at)
    return invitation


def _check_valid(invitation: Invitation, *, at: datetime) -> None:
    # "Used" first: that person has a password and can simply sign in, whatever came later.
    if invitation.accepted_at is not None:
        raise LinkOver(invitation, "used")
    if invitation.revoked_at is not None or invitation.person.deactivated_at is not None:
        raise LinkOver(invitation, "revoked")
    if at >= invitation.expires_at:
        raise LinkOver(invitation, "expired")


@transaction.atomic
def accept(
    invitation: Invitation, *, password: str, name: str, language: str, at: datetime
) -> User:
    """Use the link: set name, language and password, and activate the account.

    The caller has validated the password. The person's sessions end. Raises LinkOver when the link
    was used or revoked in the meantime.
    """
    person = lock_person(invitation.person)
    invitation = Invitation.objects.get(pk=invitation.pk)  # read again under the lock
    invitation.person = person
    _check_valid(invitation, at=at)
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=at)
    person.name = clean_line(name) or person.name
    if language in dict(LANGUAGES):
        person.language = language
    person.set_password(password)
    person.is_active = True
    person.save(update_fields=["name", "language", "password", "is_active"])
    record("invitation_accepted", person, by=person, at=at)
    return person
