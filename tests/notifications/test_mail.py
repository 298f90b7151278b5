"""A message as a mail: whom it goes to, what it says, in whose language and zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import DjangoAssertNumQueries, Settings

from crm.accounts.models import User
from crm.notifications import mail, mail_queue, outbox, sentences
from crm.notifications.models import Letter, Message
from crm.notifications.sentences import Told, Words
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.sources import ROOT

TEN = when("2026-03-02 10:00")
WORDS = {"lead": "Mariana Peña", "company": "Grupo Andino", "team": "Ventas"}


def as_stored(_reader: User, rows: Iterable[Told]) -> list[Words]:
    """Write with the names that the test stored, whatever the reader may see."""
    return [Words(sentences.sentence(row.kind, row.params)) for row in rows]


def send_due() -> int:
    return mail_queue.send_due(as_stored, beat=lambda: None)


@pytest.fixture(autouse=True)
def on(settings: Settings, moment: Moment) -> None:
    """A mail server is set, and mails go to Django's list in memory."""
    settings.MAIL_ON = True
    settings.BASE_URL = "https://relevo.example"


def notify(*people: User, **more: object) -> int:
    asked = {
        "kind": "handoff.new",
        "at": TEN,
        "key": "k",
        "params": WORDS,
        "path": "/leads/7/",
        **more,
    }
    return outbox.notify(recipients=people, **asked)  # type: ignore[arg-type]


def channels() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("recipient__name", "channel"))


# -- Asking


def test_notice_is_also_mailed(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
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
    posted = outbox.queue_mail("invitation", cast.bea, at=TEN, key="i")
    assert (channels(), posted) == ([("Bea Quintero", "in_app")], False)


def test_posted_mail_reaches_who_is_not_active_yet_and_no_inbox(cast: Cast) -> None:
    User.objects.filter(pk=cast.bea.pk).update(is_active=False, mails=False)
    for _twice in range(2):
        outbox.queue_mail("handoff.new", cast.bea, at=TEN, key="i", params=WORDS)
    send_due()
    assert (channels(), [letter.to for letter in django_mail.outbox]) == (
        [("Bea Quintero", "email")],
        [["bea@relevo.test"]],
    )


# -- What it says

ROOT_OF_MAILS = ROOT / "templates" / "emails"
KINDS = sorted(
    {".".join(name.split(".")[:2]) for name in sentences.PATTERNS}
    | {path.name.removesuffix(".subject.txt") for path in ROOT_OF_MAILS.glob("*.subject.txt")}
    - {"notice", "several"}
)
SAMPLE = {
    "lead": "Mariana Peña",
    "company": "Grupo Andino",
    "team": "Ventas",
    "by": "Ana Robles",
    "owner": "",
    "metric": "accept",
    "reason": {"es": "Precio", "en": "Price"},
    "days": 7,
    "invitation": 1,
}


@pytest.fixture
def letter(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EmailMultiAlternatives]:
    """The letter to Bea of one kind, in ``language``."""

    def written(
        kind: str = "handoff.new", language: str = "en", zone: str = "", **params: object
    ) -> Any:
        monkeypatch.setitem(mail.PATHS, kind, lambda _message: "/there/7/")
        User.objects.filter(pk=cast.bea.pk).update(language=language, time_zone=zone)
        outbox.queue_mail(
            kind, cast.bea, at=TEN, key=f"{kind}:{language}", params={**SAMPLE, **params}
        )
        send_due()
        assert Letter.objects.latest("id").last_error == ""
        return django_mail.outbox[-1]

    return written


def html(letter: EmailMultiAlternatives) -> str:
    ((text, kind),) = letter.alternatives
    assert kind == "text/html"
    return str(text)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_whole_in_both_languages(
    letter: Callable[..., EmailMultiAlternatives], kind: str, language: str
) -> None:
    found = letter(kind, language)
    text, page = str(found.body), html(found)
    assert (found.subject.strip() != "", "\n" in found.subject) == (True, False)
    assert re.findall(r"<[a-z/!]|&[#\w]+;|{[{%]|\n{4}", text) == []
    link = "https://relevo.example/there/7/"
    assert (link in text, f'href="{link}"' in page, f'<html lang="{language}">' in page) == (
        True,
        True,
        True,
    )
    elsewhere = [
        url
        for url in re.findall(r"https?://[^\s\"<]+", page)
        if not url.startswith("https://relevo.example/")
    ]
    assert (elsewhere, re.findall(r"<img|<link|<script|style=|{[{%]|<c-", page)) == ([], [])


def test_kinds_of_mails_are_those_of_notices_and_more() -> None:
    assert {"handoff.new", "handoff.won", "password_reset"} <= set(KINDS)


@pytest.mark.parametrize(
    ("language", "subject", "button"),
    [
        ("en", "Ana Robles rejected Mariana Peña: Price", "Open in Relevo"),
        ("es", "Ana Robles rechazó a Mariana Peña: Precio", "Abrir en Relevo"),
    ],
)
def test_mail_speaks_the_recipients_language(
    letter: Callable[..., EmailMultiAlternatives], language: str, subject: str, button: str
) -> None:
    found = letter("handoff.rejected", language)
    assert (found.subject, str(found.body).splitlines()[0]) == (subject, subject)
    assert (f"<h1>{subject}</h1>" in html(found), f">{button}</a>" in html(found)) == (True, True)


@pytest.mark.parametrize(
    ("zone", "shown"), [("", "10:00 (Mexico City)"), ("Europe/Madrid", "17:00 (Madrid)")]
)
def test_mail_tells_the_time_of_the_recipients_zone(
    letter: Callable[..., EmailMultiAlternatives], zone: str, shown: str
) -> None:
    assert str(letter(zone=zone).body).splitlines()[1] == f"Mon 2 Mar 2026, {shown}"


def test_words_of_people_are_text_in_both_forms(
    letter: Callable[..., EmailMultiAlternatives],
) -> None:
    name = "<b>Ana</b> & O'Neil"
    found = letter(lead=name)
    assert (found.subject, name in str(found.body)) == (
        f"New in the queue of Ventas: {name} (Grupo Andino)",
        True,
    )
    assert ("&lt;b&gt;Ana&lt;/b&gt; &amp; O&#x27;Neil" in html(found), "<b>" in html(found)) == (
        True,
        False,
    )


def test_subject_is_never_endless(letter: Callable[..., EmailMultiAlternatives]) -> None:
    assert len(letter(lead="x" * 500).subject) == mail.SUBJECT_LENGTH
