"""Render a letter as a mail and send it through the mail server of the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import Context
from django.template.loader import select_template
from django.urls import reverse
from django.utils import timezone

from crm.accounts import invitations
from crm.accounts.models import Organisation
from crm.accounts.sign_in import passwords
from crm.lib import number_formats
from crm.lib.text import clean_line
from crm.lib.wording import variants
from crm.notifications import sentences
from crm.notifications.models import Letter, Message
from crm.notifications.sentences import Told, Words, Writer

SUBJECT_LENGTH = 150  # characters

# Kind of message -> function that returns the path of its link, or "" when the link is no longer
# valid. These links hold a secret: they are made when the mail is sent, so that no row stores one.
PATHS: dict[str, Callable[[Message], str]] = {
    "invitation": lambda message: invitations.path_while_open(message.params["invitation"]),
    "password_reset": lambda message: passwords.path_of(message.recipient),
}


@dataclass(frozen=True)
class Content:
    """What a letter says: its messages that still stand, of a long list the first ones.

    ``count``: how many there are.
    """

    messages: list[Message]
    count: int


class LinkNoLongerValid(Exception):
    """The mail must not be sent: its link was used or withdrawn in the meantime."""


def is_on() -> bool:
    """Return whether mails are sent: to a mail server, or to the console in the demo."""
    return settings.MAIL_ON


def link(message: Message) -> str:
    """Return the absolute URL that the mail leads to, or an empty string for none.

    Raises LinkNoLongerValid.
    """
    path = message.path
    if message.kind in PATHS:
        path = PATHS[message.kind](message)
        if not path:
            raise LinkNoLongerValid
    if not path:
        return ""
    return f"{settings.BASE_URL}{path}"


def message_id(letter: Letter) -> str:
    """Return the Message-ID, equal for every try: mail programs recognise a second copy."""
    host = urlsplit(settings.BASE_URL).hostname
    return f"<{letter.uid}@{host}>"


def render(
    letter: Letter, content: Content, organisation: Organisation, write: Writer
) -> tuple[str, str, str]:
    """Return subject, text and HTML in the language and time zone of the recipient.

    ``write`` makes the words by what the recipient may see at this moment.

    Raises LinkNoLongerValid.
    """
    person = letter.recipient
    zone = ZoneInfo(person.time_zone or organisation.time_zone)
    region = number_formats.resolve(person.region, organisation.country, person.language)
    with (
        variants.override(person.language),
        timezone.override(zone),
        number_formats.override(region),
    ):
        told = [Told(each.kind, each.params, each.path) for each in content.messages]
        words = write(person, told)
        context = {
            "n": content.messages[0],
            "person": person,
            "organisation": organisation,
            "site": settings.BASE_URL,
            "language": person.language,
        }
        if content.count == 1:
            kind = letter.kind
            context = {**content.messages[0].params, **context, **_one(letter, content, words[0])}
        else:
            kind = "several"
            context |= _several(letter, content, words)
        subject = clean_line(_render_part(kind, "subject.txt", context))
        text = _render_part(kind, "body.txt", context).strip()
        html = _render_part(kind, "body.html", context)
    return subject[:SUBJECT_LENGTH], f"{text}\n", html


def _one(letter: Letter, content: Content, words: Words) -> dict[str, Any]:
    """Return what the templates of a single message need."""
    [message] = content.messages
    message.recipient = letter.recipient
    # The page of a lead that is out of sight answers 404.
    address = "" if words.gone else link(message)
    return {"link": address, "sentence": words.sentence, "gone": words.gone}


def _several(letter: Letter, content: Content, words: list[Words]) -> dict[str, Any]:
    """Return what the templates of a list need: what is out of sight is only counted."""
    items = []
    for message, said in zip(content.messages, words, strict=True):
        if not said.gone:
            items.append({"sentence": said.sentence, "link": link(message)})
    return {
        "items": items,
        "gone": len(words) - len(items),
        "more": content.count - len(words),
        "sentence": sentences.several(letter.kind, content.count),
        "link": f"{settings.BASE_URL}{reverse('notice_list')}",
    }


def send(
    letter: Letter,
    content: Content,
    write: Writer,
    connection: BaseEmailBackend,
    organisation: Organisation,
    *,
    at: datetime,
) -> None:
    """Send ``letter`` now, over ``connection``, in the words of ``write``.

    Raises LinkNoLongerValid, OSError and the errors of smtplib.
    """
    subject, text, html = render(letter, content, organisation, write)
    address = letter.recipient.email or ""
    headers = {
        "Message-ID": message_id(letter),
        "Date": format_datetime(at),
        "Auto-Submitted": "auto-generated",
    }
    email = EmailMultiAlternatives(
        subject,
        text,
        to=[address],
        headers=headers,
        connection=connection,
    )
    email.attach_alternative(html, "text/html")
    email.send()


def _render_part(kind: str, name: str, context: dict[str, Any]) -> str:
    template = select_template([f"emails/{kind}.{name}", f"emails/notice.{name}"])
    is_html = name.endswith(".html")
    return template.template.render(Context(context, autoescape=is_html))
