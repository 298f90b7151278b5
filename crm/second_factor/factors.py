"""The second factors of a person: add, remove, reset; recovery codes.

Every change is audited and told to the person by mail. The rows are django-allauth's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import people
from crm.accounts.models import User
from crm.accounts.sign_in import sessions
from crm.audit.entries import record
from crm.lib.errors import Conflict
from crm.lib.text import clean_line
from crm.notifications import outbox
from crm.second_factor import encryption
from crm.second_factor.demand import is_demanded

Kind = Authenticator.Type
FACTORS = (Kind.TOTP, Kind.WEBAUTHN)
MOST_PASSKEYS = 10


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    message = gettext_lazy("You have as many passkeys as one person may have. Remove one first.")


class LastFactor(Conflict):
    """Directors and admins keep one at least."""

    code = "last_factor"
    message = gettext_lazy(
        "Your role needs a second factor, and this is your only one. Add another one first."
    )


@dataclass(frozen=True)
class Held:
    """The factors of one person, read in one query."""

    app: Authenticator | None
    passkeys: list[Authenticator]
    recovery: Authenticator | None

    @property
    def count(self) -> int:
        return len(self.passkeys) + (self.app is not None)

    @property
    def codes_left(self) -> int | None:
        """Return how many recovery codes are not used yet; None if they cannot be read."""
        if self.recovery is None:
            return 0
        try:
            return len(self.recovery.wrap().get_unused_codes())
        except encryption.UnreadableSecret:
            return None

    @property
    def are_codes_kept(self) -> bool:
        return self.recovery is not None and "kept_at" in self.recovery.data

    @property
    def is_complete(self) -> bool:
        return self.count > 0 and self.are_codes_kept


def of(person: User) -> Held:
    """Return the factors of ``person``."""
    rows = list(Authenticator.objects.filter(user=person).order_by("pk"))
    by_kind: dict[str, list[Authenticator]] = {kind: [] for kind in Kind}
    for row in rows:
        by_kind[row.type].append(row)
    return Held(
        app=next(iter(by_kind[Kind.TOTP]), None),
        passkeys=by_kind[Kind.WEBAUTHN],
        recovery=next(iter(by_kind[Kind.RECOVERY_CODES]), None),
    )


def name_of(factor: Authenticator) -> str:
    """Return how pages and mails call ``factor``."""
    if factor.type == Kind.WEBAUTHN:
        return factor.data["name"] or _("Passkey")
    return _("Authenticator app")


@transaction.atomic
def add_app(person: User, secret: str, *, period: int, at: datetime) -> User:
    """Add an app, which has shown the code of ``period``, and return the person.

    That code cannot be used again. The app of an earlier phone stops working.
    """
    person = people.lock_person(person)
    earlier = of(person).app
    data = {"secret": encryption.encrypt(secret), "last_period": period}
    if earlier is not None:
        # Not removed and added: who must have a factor is never without one.
        earlier.data = data
        earlier.created_at = at
        earlier.last_used_at = None
        earlier.save()
        _tell(person, "second_factor_added", earlier, by=person, at=at)
        return person
    return _add(person, Kind.TOTP, data, at=at)


@transaction.atomic
def add_passkey(person: User, name: str, credential: dict[str, Any], *, at: datetime) -> User:
    """Add a passkey, whose registration the caller has verified, and return the person.

    Raises TooManyPasskeys.
    """
    person = people.lock_person(person)
    if len(of(person).passkeys) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    data = {"name": clean_line(name), "credential": credential}
    return _add(person, Kind.WEBAUTHN, data, at=at)


def _add(person: User, kind: str, data: dict[str, Any], *, at: datetime) -> User:
    is_first = of(person).count == 0
    factor = Authenticator.objects.create(user=person, type=kind, data=data, created_at=at)
    if is_first:
        _make_codes(person, at=at)
        # Sessions that never proved a second factor end.
        sessions.start_round(person)
    _tell(person, "second_factor_added", factor, by=person, at=at)
    return person


@transaction.atomic
def use_passkey(factor: Authenticator, *, at: datetime) -> None:
    """Note that a passkey was used; the caller has verified it."""
    Authenticator.objects.filter(pk=factor.pk).update(last_used_at=at)


@transaction.atomic
def remove(person: User, pk: int, *, at: datetime) -> User:
    """Remove a factor of ``person`` and return the person; the last one takes the codes with it.

    A factor that is gone already is no error. Raises LastFactor.
    """
    person = people.lock_person(person)
    factor = Authenticator.objects.filter(user=person, type__in=FACTORS, pk=pk).first()
    if factor is None:
        return person
    is_last = of(person).count == 1
    if is_last and is_demanded(person):
        raise LastFactor
    _tell(person, "second_factor_removed", factor, by=person, at=at)
    factor.delete()
    if is_last:
        Authenticator.objects.filter(user=person).delete()
        # What they have proven is worth nothing any more.
        sessions.start_round(person)
    return person


@transaction.atomic
def reset(person: User, *, by: User | None, at: datetime) -> int:
    """Remove all factors of ``person`` and end all sessions; return how many there were.

    ``by`` is None for the command line.
    """
    person = people.lock_person(person)
    count = of(person).count
    Authenticator.objects.filter(user=person).delete()
    sessions.start_round(person)
    record("second_factor_reset", person, by=by, at=at, payload={"factors": count})
    outbox.queue_mail(
        "second_factor",
        person,
        at=at,
        key=f"second_factor_reset:{person.session_round}",
        params={"change": "second_factor_reset"},
    )
    return count


# -- Recovery codes


@transaction.atomic
def renew_codes(person: User, *, at: datetime) -> None:
    """Make new recovery codes; the earlier ones stop working."""
    person = people.lock_person(person)
    if of(person).count == 0:
        return
    Authenticator.objects.filter(user=person, type=Kind.RECOVERY_CODES).delete()
    codes = _make_codes(person, at=at)
    record("recovery_codes_renewed", person, by=person, at=at)
    outbox.queue_mail(
        "second_factor",
        person,
        at=at,
        key=f"recovery_codes_renewed:{codes.pk}",
        params={"change": "recovery_codes_renewed"},
    )


@transaction.atomic
def keep_codes(person: User, *, at: datetime) -> None:
    """Note that the person has kept the recovery codes, which are not shown again."""
    person = people.lock_person(person)
    codes = of(person).recovery
    if codes is None or "kept_at" in codes.data:
        return
    codes.data["kept_at"] = at.isoformat()
    codes.save(update_fields=["data"])
    record("recovery_codes_kept", person, by=person, at=at)


def _make_codes(person: User, *, at: datetime) -> Authenticator:
    seed = encryption.encrypt(RecoveryCodes.generate_seed())
    return Authenticator.objects.create(
        user=person,
        type=Kind.RECOVERY_CODES,
        data={"seed": seed, "used_mask": 0},
        created_at=at,
    )


def _tell(person: User, change: str, factor: Authenticator, *, by: User, at: datetime) -> None:
    payload = {"kind": factor.type}
    if factor.type == Kind.WEBAUTHN:
        payload["name"] = factor.data["name"]
    record(change, person, by=by, at=at, payload=payload)
    outbox.queue_mail(
        "second_factor",
        person,
        at=at,
        key=f"{change}:{factor.pk}:{at:%Y%m%d%H%M%S}",
        params={"change": change, **payload},
    )
