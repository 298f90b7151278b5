"""A message as a mail: whom it goes to, what it says, in whose language and zone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import DjangoAssertNumQueries, Settings

from crm.accounts.models import User
from crm.notifications import mailbag, outbox
from crm.notifications.models import Message
from tests.conftest import Moment
from tests.factories import Cast, when

TEN = when("2026-03-02 10:00")
WORDS = {"lead": "Mariana Peña", "company": "Grupo Andino", "team": "Ventas"}


@pytest.fixture(autouse=True)
def on(settings: Settings, moment: Moment) -> None:
    """A mail server is set, and mails go to Django's list in memory."""
    settings.MAIL_ON = True
    settings.BASE_URL = "https://relevo.example"


def notify(*people: User, **more: object) -> int:
    asked = {"kind": "handoff.new", "at": TEN, "key": "k", "params": WORDS, "path": "/leads/7/", **more}
    return outbox.notify(recipients=people, **asked)  # type: ignore[arg-type]


def channels() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("recipient__name", "channel"))


# -- Asking


def test_notice_is_also_mailed(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert notify(cast.bea, cast.cruz) == 2
    both = ["Bea Quintero", "Cruz Medina"]
    assert channels() == [(name, channel) for channel in ("in_app", "email") for name in both]


def test_who_wants_no_mails_gets_the_notice_only(cast: Cast) -> None:
    cast.bea.mails = False
    notify(cast.bea)
    assert channels() == [("Bea Quintero", "in_app")]


def test_without_a_mail_server_nothing_is_mailed(cast: Cast, settings: Settings) -> None:
    settings.MAIL_ON = False
    notify(cast.bea)
    posted = outbox.post("invitation", cast.bea, at=TEN, key="i")
    assert (channels(), posted) == ([("Bea Quintero", "in_app")], False)


def test_posted_mail_reaches_who_is_not_active_yet_and_no_inbox(cast: Cast) -> None:
    User.objects.filter(pk=cast.bea.pk).update(is_active=False, mails=False)
    for _twice in range(2):
        outbox.post("handoff.new", cast.bea, at=TEN, key="i", params=WORDS)
    mailbag.send_due()
    assert (channels(), [letter.to for letter in django_mail.outbox]) == (
        [("Bea Quintero", "email")],
        [["bea@relevo.test"]],
    )


def test_mail_says_what_the_notice_says(cast: Cast, render: Callable[[], EmailMultiAlternatives]) -> None:
    notify(cast.bea)
    letter = render()
    assert (letter.subject, letter.to) == (
        "New in the queue of Ventas: Mariana Peña (Grupo Andino)",
        ["bea@relevo.test"],
    )
    assert "https://relevo.example/leads/7/" in letter.body


@pytest.fixture
def render() -> Callable[[], EmailMultiAlternatives]:
    """Sends what is due and returns the only letter."""

    def sent() -> EmailMultiAlternatives:
        mailbag.send_due()
        (letter,) = django_mail.outbox
        return letter  # type: ignore[return-value]

    return sent
