"""Render a message as a mail and send it through the mail server of the settings."""

from __future__ import annotations

from collections.abc import Callable
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
from django.utils import timezone

from crm.accounts import invitations, people
from crm.accounts.models import Organisation
from crm.accounts.sign_in import passwords
from crm.lib import number_formats
from crm.lib.text import clean_line
from crm.lib.wording import variants
from crm.notifications.models import Message
from crm.notifications.sentences import Told, Writer

SUBJECT_LENGTH = 150  # characters

# Kind of message -> function that returns the path of its link, or "" when the link is no longer
# valid. These links hold a secret: they are made when the mail is sent, so that no row stores one.
PATHS: dict[str, Callable[[Message], str]] = {
    "invitation": lambda message: invitations.path_while_open(message.params["invitation"]),
    "password_reset": lambda message: passwords.path_of(message.recipient),
}


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


def message_id(message: Message) -> str:
    """Return the Message-ID, equal for every try: mail programs recognise a second copy."""
    host = urlsplit(settings.BASE_URL).hostname
    return f"<{message.uid}@{host}>"


def render(message: Message, organisation: Organisation, write: Writer) -> tuple[str, str, str]:
    """Return subject, text and HTML in the language and time zone of the recipient.

    ``write`` makes the words by what the recipient may see at this moment.

    Raises LinkNoLongerValid.
    """
    person = message.recipient
    zone = ZoneInfo(person.time_zone or organisation.time_zone)
    region = number_formats.resolve(person.region, organisation.country, person.language)
    with (
        variants.override(person.language),
        timezone.override(zone),
        number_formats.override(region),
    ):
        [words] = write(person, [Told(message.kind, message.params, message.path)])
        context = {
            **message.params,
            "n": message,
            "person": person,
            "organisation": organisation,
            # The page of a lead that is out of sight answers 404.
            "link": "" if words.gone else link(message),
            "site": settings.BASE_URL,
            "language": person.language,
            "sentence": words.sentence,
            "gone": words.gone,
        }
        subject = clean_line(_render_part(message, "subject.txt", context))
        text = _render_part(message, "body.txt", context).strip()
        html = _render_part(message, "body.html", context)
    return subject[:SUBJECT_LENGTH], f"{text}\n", html


def send(
    message: Message, at: datetime, write: Writer, connection: BaseEmailBackend | None = None
) -> None:
    """Send ``message`` now, over ``connection`` when one is open, in the words of ``write``.

    Raises LinkNoLongerValid, OSError and the errors of smtplib.
    """
    subject, text, html = render(message, people.organisation(), write)
    address = message.recipient.email or ""
    headers = {
        "Message-ID": message_id(message),
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


def _render_part(message: Message, name: str, context: dict[str, Any]) -> str:
    template = select_template([f"emails/{message.kind}.{name}", f"emails/notice.{name}"])
    is_html = name.endswith(".html")
    return template.template.render(Context(context, autoescape=is_html))
