"""Adding, removing, resetting: audited, told by mail, and sessions end with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from crm import tasks
from crm.accounts.models import User
from crm.audit.models import Entry
from crm.lib import clock
from crm.notifications import outbox
from crm.notifications.models import Message
from crm.second_factor import codes, factors
from tests.conftest import Moment
from tests.factories import Cast
from tests.second_factor.devices import SECRET, code_at, give_app, recovery_codes

SignedIn = Callable[[User], Client]
CREDENTIAL = {"id": "x"}
OTHER_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def verbs(person: User) -> list[str]:
    found = Entry.objects.filter(subject_type="user", subject_id=person.pk).order_by("pk")
    about = ("second_factor", "recovery")
    return [entry.verb for entry in found if entry.verb.startswith(about)]


def mails() -> list[str]:
    return [message.params["change"] for message in Message.objects.order_by("pk")]


def test_every_change_is_audited_and_told(cast: Cast, moment: Moment, settings: Settings) -> None:
    settings.MAIL_ON = True
    now = clock.now()
    give_app(cast.bea, now)
    factors.add_passkey(cast.bea, "My phone", CREDENTIAL, at=now)
    factors.renew_codes(cast.bea, at=now)
    factors.remove(cast.bea, factors.of(cast.bea).passkeys[0].pk, at=now)
    factors.reset(cast.bea, by=cast.root, at=now)
    assert verbs(cast.bea) == [
        "second_factor_added",
        "recovery_codes_kept",
        "second_factor_added",
        "recovery_codes_renewed",
        "second_factor_removed",
        "second_factor_reset",
    ]
    assert mails() == [
        "second_factor_added",
        "second_factor_added",
        "recovery_codes_renewed",
        "second_factor_removed",
        "second_factor_reset",
    ]


def test_mail_says_what_happened(
    cast: Cast, moment: Moment, settings: Settings, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    settings.MAIL_ON = True
    factors.add_passkey(cast.bea, "My <b> phone", CREDENTIAL, at=clock.now())
    tasks.mail()
    (letter,) = mailoutbox
    assert letter.subject == "A second factor was added to your account"
    html = str(letter.alternatives[0].content)
    assert "Passkey: My <b> phone" in str(letter.body)
    assert "My &lt;b&gt; phone" in html


def test_every_change_has_a_mail_of_its_own(
    cast: Cast, moment: Moment, settings: Settings, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    settings.MAIL_ON = True
    changes: dict[str, dict[str, object]] = {
        "second_factor_added": {"kind": "totp"},
        "second_factor_removed": {"kind": "webauthn", "name": "Phone"},
        "second_factor_reset": {},
        "recovery_code_used": {"left": 1},
        "recovery_codes_renewed": {},
    }
    for change, params in changes.items():
        told = {"change": change, **params}
        outbox.queue_mail("second_factor", cast.bea, at=clock.now(), key=change, params=told)
    tasks.mail()
    assert len({letter.subject for letter in mailoutbox}) == len(changes)
    for letter in mailoutbox:
        text = str(letter.body)
        assert (letter.subject in text, "Change your password at once" in text) == (True, True)
        assert "\n\n\n" not in text


def test_secret_is_not_readable_in_the_row(cast: Cast, moment: Moment) -> None:
    give_app(cast.bea, clock.now())
    assert SECRET not in str([row.data for row in Authenticator.objects.all()])


def test_first_factor_and_the_last_end_sessions(
    cast: Cast, moment: Moment, signed_in: SignedIn
) -> None:
    now = clock.now()
    browser = signed_in(cast.bea)
    factors.add_app(cast.bea, SECRET, period=0, at=now)
    assert browser.get("/queue/").status_code == 302
    browser = signed_in(User.objects.get(pk=cast.bea.pk))
    factors.add_passkey(cast.bea, "Phone", CREDENTIAL, at=now)
    held = factors.of(cast.bea)
    factors.remove(cast.bea, held.passkeys[0].pk, at=now)
    assert browser.get("/queue/").status_code == 200
    factors.remove(cast.bea, held.app.pk, at=now)  # type: ignore[union-attr]
    assert browser.get("/queue/").status_code == 302
    assert Authenticator.objects.count() == 0  # the recovery codes went with it


def test_who_must_have_one_keeps_the_last(cast: Cast, moment: Moment, settings: Settings) -> None:
    settings.SECOND_FACTOR_DEMANDED = True
    now = clock.now()
    give_app(cast.elsa, now)
    app = factors.of(cast.elsa).app
    assert app is not None
    with pytest.raises(factors.LastFactor):
        factors.remove(cast.elsa, app.pk, at=now)
    factors.add_passkey(cast.elsa, "Phone", CREDENTIAL, at=now)
    factors.remove(cast.elsa, app.pk, at=now)
    assert factors.of(cast.elsa).count == 1


def test_factor_of_another_person_is_not_removed(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    give_app(cast.bea, now)
    app = factors.of(cast.bea).app
    assert app is not None
    factors.remove(cast.cruz, app.pk, at=now)
    assert factors.of(cast.bea).count == 1


def test_app_of_another_phone_replaces_the_first(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    give_app(cast.bea, now)
    factors.add_app(cast.bea, OTHER_SECRET, period=0, at=now)
    with pytest.raises(codes.WrongCode):
        codes.use(cast.bea, code_at(now), at=now)
    codes.use(cast.bea, code_at(now, OTHER_SECRET), at=now)
    assert (factors.of(cast.bea).count, verbs(cast.bea).count("second_factor_added")) == (1, 2)


def test_passkeys_are_limited(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    for number in range(factors.MOST_PASSKEYS):
        factors.add_passkey(cast.bea, f"Key {number}", CREDENTIAL, at=now)
    with pytest.raises(factors.TooManyPasskeys):
        factors.add_passkey(cast.bea, "One more", CREDENTIAL, at=now)


def test_new_recovery_codes_replace_the_old(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    give_app(cast.bea, now)
    before = recovery_codes(cast.bea)
    factors.renew_codes(cast.bea, at=now)
    assert (len(before), set(before) & set(recovery_codes(cast.bea))) == (10, set())
    assert factors.of(cast.bea).are_codes_kept is False


def test_recovery_codes_need_a_factor(cast: Cast, moment: Moment) -> None:
    factors.renew_codes(cast.bea, at=clock.now())
    assert factors.of(cast.bea).recovery is None


# -- The command, for the last admin


def test_command_resets_and_ends_sessions(
    cast: Cast, moment: Moment, settings: Settings, signed_in: SignedIn
) -> None:
    settings.MAIL_ON = True
    give_app(cast.root, clock.now())
    browser = signed_in(cast.root)
    call_command("reset_second_factor", "ROOT@relevo.test")
    assert (factors.of(cast.root).count, browser.get("/people/").status_code) == (0, 302)
    entry = Entry.objects.get(verb="second_factor_reset")
    assert (entry.actor_id, entry.subject_id, entry.payload) == (None, cast.root.pk, {"factors": 1})
    assert mails()[-1] == "second_factor_reset"


def test_command_knows_nobody_of_that_name(cast: Cast) -> None:
    with pytest.raises(CommandError, match=r"nobody signs in with x@relevo\.test"):
        call_command("reset_second_factor", "x@relevo.test")
