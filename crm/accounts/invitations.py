"""Inviting people: a link that opens an account once, within 14 days.

The link carries a signature over the row's random nonce and its end: reading the database does not
make a link, knowing the server's key does not either. A new invitation makes the one before it
invalid.
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
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line

VALID_FOR = timedelta(days=14)
SALT = "relevo.accounts.invitation"  # the purpose: a signature made for anything else is none here


class NotInvitable(Conflict):
    code = "not_invitable"
    message = _("This person has been deactivated. Reactivate them first.")


class UnknownLink(DomainError):
    """No invitation has this link: mistyped, cut off, or made up."""

    status = 404
    code = "unknown_link"
    message = _("This link is not complete or not one of ours.")


class LinkOver(DomainError):
    """The link was good once. ``why``: used, revoked or expired."""

    status = 410
    code = "link_over"

    def __init__(self, invitation: Invitation, why: str) -> None:
        self.invitation, self.why = invitation, why
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
    return f"{invitation.pk}:{invitation.nonce}:{invitation.expires_at.timestamp():.6f}"


def path_of(invitation: Invitation) -> str:
    """The path of the link, the same whenever it is asked for."""
    signature = _signer().signature(_signed_value(invitation))
    return reverse("join", kwargs={"pk": invitation.pk, "signature": signature})


def path_while_open(pk: int) -> str:
    """The path of the link, or empty once it was used or taken back: for a mail that goes out
    later.
    """
    invitation = Invitation.objects.filter(
        pk=pk, accepted_at__isnull=True, revoked_at__isnull=True
    ).first()
    return path_of(invitation) if invitation else ""


@transaction.atomic
def create(person: User, *, by: User | None, at: datetime) -> Invitation:
    """Invite ``person``, who may also be active and have lost the password.

    Links made before stop working.

    Raises NotInvitable for somebody who was deactivated, and for demo people, who keep the password
    they have.
    """
    now = locked(person)
    if now.deactivated_at is not None:
        raise NotInvitable
    if now.is_demo:
        raise NotInvitable(_("Demo people keep their e-mail and their password."))
    _revoke(now, at=at)
    invitation = Invitation.objects.create(
        person=now,
        invited_by=by,
        nonce=secrets.token_hex(32),
        created_at=at,
        expires_at=at + VALID_FOR,
    )
    record(
        "person_invited",
        now,
        by=by,
        at=at,
        payload={"expires_at": invitation.expires_at.isoformat()},
    )
    return invitation


@transaction.atomic
def revoke(person: User, *, by: User | None, at: datetime) -> int:
    """Make the person's open link invalid; returns how many there were (0 or 1)."""
    revoked = _revoke(locked(person), at=at)
    if revoked:
        record("invitation_revoked", person, by=by, at=at)
    return revoked


def _revoke(person: User, *, at: datetime) -> int:
    return open_of(person).update(revoked_at=at)


def open_of(person: User) -> QuerySet[Invitation]:
    """The person's invitations that are neither used nor taken back: at most one."""
    return Invitation.objects.filter(
        person=person, accepted_at__isnull=True, revoked_at__isnull=True
    )


def locked(person: User) -> User:
    """The person's row, locked and fresh.

    What others refer to stays usable: their foreign keys do not wait.
    """
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def find(pk: int, signature: str, *, at: datetime) -> Invitation:
    """The invitation of a link. Raises UnknownLink, LinkOver."""
    invitation = Invitation.objects.select_related("person", "invited_by").filter(pk=pk).first()
    if invitation is None:
        raise UnknownLink
    try:
        _signer().unsign(f"{_signed_value(invitation)}~{signature}")
    except BadSignature:
        raise UnknownLink from None
    _check(invitation, at=at)
    return invitation


def _check(invitation: Invitation, *, at: datetime) -> None:
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
    """Use the link: set name, language and password (validated by the caller), open the account,
    end old sessions.

    Raises LinkOver where it was used or taken back in the meantime.
    """
    person = locked(invitation.person)
    invitation = Invitation.objects.get(pk=invitation.pk)
    invitation.person = person
    _check(invitation, at=at)
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=at)
    person.name = clean_line(name) or person.name
    person.language = language if language in dict(LANGUAGES) else person.language
    person.set_password(password)
    person.is_active = True
    person.save(update_fields=["name", "language", "password", "is_active"])
    record("invitation_accepted", person, by=person, at=at)
    return person
